// SPDX-License-Identifier: Apache-2.0

// ctlog is a certificate transparency log on one folder, for tests: TesseraCT's library behind one port.
//
//	ctlog LISTEN FOLDER KEY.pem ROOTS.pem
//
// It takes precertificates and certificates for code signing that chain to ROOTS.pem, promises them at
// once (nobody waits for a checkpoint), and serves the read side, too: checkpoint, tile/ and issuer/ are
// files of the folder. KEY.pem is a P-256 key, as PKCS #8.
package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera"
	files "github.com/transparency-dev/tessera/storage/posix"
	"github.com/transparency-dev/tesseract"
	"github.com/transparency-dev/tesseract/storage"
	issuers "github.com/transparency-dev/tesseract/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const (
	origin     = "ct.lab.test"
	checkpoint = 200 * time.Millisecond // how often the tree is published
	batchAge   = 2 * time.Millisecond   // how long a submission waits for company
	batchSize  = 64
	longest    = 10 * time.Second // one request
)

func main() {
	if len(os.Args) != 5 {
		log.Fatal("usage: ctlog LISTEN FOLDER KEY.pem ROOTS.pem")
	}
	if err := serve(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		log.Fatal(err)
	}
}

func serve(listen, folder, keyFile, roots string) error {
	key, err := readKey(keyFile)
	if err != nil {
		return fmt.Errorf("%s: %w", keyFile, err)
	}
	accepted := tesseract.ChainValidationConfig{RootsPEMFile: roots, ExtKeyUsages: "CodeSigning"}
	limits := tesseract.LogHandlerOpts{DedupRL: -1, MaxCertChainBytes: 1 << 19}
	open := func(ctx context.Context, signer note.Signer) (*storage.CTStorage, error) {
		return openLog(ctx, folder, signer)
	}
	submissions, err := tesseract.NewLogHandler(context.Background(), origin, key, accepted, open, longest, false, "", limits)
	if err != nil {
		return err
	}
	routes := http.NewServeMux()
	routes.Handle("/ct/v1/", submissions)
	for _, part := range []string{"/checkpoint", "/tile/", "/issuer/"} {
		routes.Handle("GET "+part, http.FileServer(http.Dir(folder)))
	}
	server := http.Server{Addr: listen, Handler: routes, ReadHeaderTimeout: longest}
	return server.ListenAndServe()
}

func openLog(ctx context.Context, folder string, signer note.Signer) (*storage.CTStorage, error) {
	driver, err := files.New(ctx, files.Config{Path: folder})
	if err != nil {
		return nil, err
	}
	settings := tessera.NewAppendOptions().
		WithCTLayout().
		WithCheckpointSigner(signer).
		WithCheckpointInterval(checkpoint).
		WithBatching(batchSize, batchAge)
	appender, _, reader, err := tessera.NewAppender(ctx, driver, settings)
	if err != nil {
		return nil, err
	}
	chains, err := issuers.NewIssuerStorage(ctx, filepath.Clean(folder))
	if err != nil {
		return nil, err
	}
	return storage.NewCTStorage(ctx, &storage.CTStorageOptions{Appender: appender, Reader: reader, IssuerStorage: chains})
}

func readKey(name string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("no PEM block")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	if key, is := key.(*ecdsa.PrivateKey); is {
		return key, nil
	}
	return nil, errors.New("not an elliptic curve key")
}
