// Does one operation with minio-go, as tools/clients/src/driver-operations.ts asks for it.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const presignedFor = 10 * time.Minute

type operation func(ctx context.Context, s3 *minio.Client, args []string) error

var operations = map[string]operation{
	"make-bucket": func(ctx context.Context, s3 *minio.Client, args []string) error {
		return s3.MakeBucket(ctx, args[0], minio.MakeBucketOptions{})
	},
	"put": func(ctx context.Context, s3 *minio.Client, args []string) error {
		_, err := s3.FPutObject(ctx, args[0], args[1], args[2], minio.PutObjectOptions{})
		return err
	},
	"get": func(ctx context.Context, s3 *minio.Client, args []string) error {
		return s3.FGetObject(ctx, args[0], args[1], args[2], minio.GetObjectOptions{})
	},
	"list": func(ctx context.Context, s3 *minio.Client, args []string) error {
		keys, err := keysOf(ctx, s3, args[0], "")
		if err != nil {
			return err
		}
		return json.NewEncoder(os.Stdout).Encode(keys)
	},
	"copy": func(ctx context.Context, s3 *minio.Client, args []string) error {
		to := minio.CopyDestOptions{Bucket: args[0], Object: args[2]}
		_, err := s3.CopyObject(ctx, to, minio.CopySrcOptions{Bucket: args[0], Object: args[1]})
		return err
	},
	"get-range": getRange,
	"presign-get": func(ctx context.Context, s3 *minio.Client, args []string) error {
		return printURL(s3.PresignedGetObject(ctx, args[0], args[1], presignedFor, nil))
	},
	"presign-put": func(ctx context.Context, s3 *minio.Client, args []string) error {
		return printURL(s3.PresignedPutObject(ctx, args[0], args[1], presignedFor))
	},
	"sync-up":   syncUp,
	"sync-down": syncDown,
	"remove": func(ctx context.Context, s3 *minio.Client, args []string) error {
		return s3.RemoveObject(ctx, args[0], args[1], minio.RemoveObjectOptions{})
	},
	"empty": empty,
	"remove-bucket": func(ctx context.Context, s3 *minio.Client, args []string) error {
		return s3.RemoveBucket(ctx, args[0])
	},
}

func main() {
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(name string, args []string) error {
	if name == "version" {
		return printVersion()
	}
	do, known := operations[name]
	if !known {
		return fmt.Errorf("there is no operation %s", name)
	}
	s3, err := connect()
	if err != nil {
		return err
	}
	return do(context.Background(), s3, args)
}

func connect() (*minio.Client, error) {
	endpoint, err := url.Parse(os.Getenv("CLIENT_ENDPOINT"))
	if err != nil {
		return nil, err
	}
	secure := endpoint.Scheme == "https"
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, err
	}
	if secure {
		if transport.TLSClientConfig, err = trusting(os.Getenv("CLIENT_CA_FILE")); err != nil {
			return nil, err
		}
	}
	return minio.New(endpoint.Host, &minio.Options{
		Creds:     credentials.NewStaticV4(os.Getenv("CLIENT_ACCESS_KEY_ID"), os.Getenv("CLIENT_SECRET_ACCESS_KEY"), ""),
		Secure:    secure,
		Region:    os.Getenv("CLIENT_REGION"),
		Transport: http.RoundTripper(transport),
	})
}

func trusting(caFile string) (*tls.Config, error) {
	pem, err := os.ReadFile(caFile)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("%s has no certificate", caFile)
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

func keysOf(ctx context.Context, s3 *minio.Client, bucket, prefix string) ([]string, error) {
	keys := []string{}
	for object := range s3.ListObjects(ctx, bucket, minio.ListObjectsOptions{Prefix: prefix, Recursive: true}) {
		if object.Err != nil {
			return nil, object.Err
		}
		keys = append(keys, object.Key)
	}
	return keys, nil
}

func getRange(ctx context.Context, s3 *minio.Client, args []string) error {
	first, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	last, err := strconv.ParseInt(args[3], 10, 64)
	if err != nil {
		return err
	}
	options := minio.GetObjectOptions{}
	if err := options.SetRange(first, last); err != nil {
		return err
	}
	object, err := s3.GetObject(ctx, args[0], args[1], options)
	if err != nil {
		return err
	}
	defer object.Close()
	bytes, err := io.ReadAll(object)
	if err != nil {
		return err
	}
	return os.WriteFile(args[4], bytes, 0o600)
}

func syncUp(ctx context.Context, s3 *minio.Client, args []string) error {
	bucket, prefix, directory := args[0], args[1], args[2]
	return filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(directory, path)
		if err != nil {
			return err
		}
		_, err = s3.FPutObject(ctx, bucket, prefix+"/"+filepath.ToSlash(name), path, minio.PutObjectOptions{})
		return err
	})
}

func syncDown(ctx context.Context, s3 *minio.Client, args []string) error {
	bucket, prefix, directory := args[0], args[1], args[2]
	keys, err := keysOf(ctx, s3, bucket, prefix+"/")
	if err != nil {
		return err
	}
	for _, key := range keys {
		file := filepath.Join(directory, filepath.FromSlash(strings.TrimPrefix(key, prefix+"/")))
		if err := s3.FGetObject(ctx, bucket, key, file, minio.GetObjectOptions{}); err != nil {
			return err
		}
	}
	return nil
}

func empty(ctx context.Context, s3 *minio.Client, args []string) error {
	objects := s3.ListObjects(ctx, args[0], minio.ListObjectsOptions{Recursive: true})
	for failed := range s3.RemoveObjects(ctx, args[0], objects, minio.RemoveObjectsOptions{}) {
		return failed.Err
	}
	return nil
}

func printURL(address *url.URL, err error) error {
	if err == nil {
		fmt.Println(address)
	}
	return err
}

// The version that this program was built with, and not one that somebody has to keep up to date.
func printVersion() error {
	build, _ := debug.ReadBuildInfo()
	for _, module := range build.Deps {
		if module.Path == "github.com/minio/minio-go/v7" {
			fmt.Println(module.Version)
			return nil
		}
	}
	return fmt.Errorf("built without minio-go")
}
