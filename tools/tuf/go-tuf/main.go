// SPDX-License-Identifier: Apache-2.0

// go-tuf-client is go-tuf's updater behind a command line, for bench/bench-tuf and for tests:
//
//	go-tuf-client [--at TIME] URL CACHE OUT TARGET...
//
// It refreshes from the CACHE's root.json, or where it is new from its 1.root.json, fetches the targets, and says on standard output, one JSON object a line,
// where each is. TIME (RFC 3339) is what it takes the time to be: libfaketime does not reach a Go program.
package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

func open(url, cache, out, at string) (*updater.Updater, error) {
	root, err := os.ReadFile(filepath.Join(cache, "root.json"))
	if errors.Is(err, fs.ErrNotExist) {
		root, err = os.ReadFile(filepath.Join(cache, "1.root.json"))
	}
	if err != nil {
		return nil, err
	}
	settings, err := config.New(url+"/metadata", root)
	if err != nil {
		return nil, err
	}
	settings.LocalMetadataDir = cache
	settings.LocalTargetsDir = out
	settings.RemoteTargetsURL = url + "/targets"
	settings.PrefixTargetsWithHash = true
	settings.SnapshotMaxLength = 64 << 20
	settings.TargetsMaxLength = 256 << 20
	client, err := updater.New(settings)
	if err != nil || at == "" {
		return client, err
	}
	now, err := time.Parse(time.RFC3339, at)
	if err != nil {
		return nil, err
	}
	client.UnsafeSetRefTime(now)
	return client, nil
}

func fetch(client *updater.Updater, target string) (string, error) {
	info, err := client.GetTargetInfo(target)
	if err != nil {
		return "", err
	}
	path, _, err := client.FindCachedTarget(info, "")
	if err == nil && path == "" {
		path, _, err = client.DownloadTarget(info, "", "")
	}
	return path, err
}

func run(words []string, at string) error {
	client, err := open(words[0], words[1], words[2], at)
	if err != nil {
		return err
	}
	if err := client.Refresh(); err != nil {
		return err
	}
	answer := json.NewEncoder(os.Stdout)
	for _, target := range words[3:] {
		path, err := fetch(client, target)
		if err != nil {
			return err
		}
		if err := answer.Encode(map[string]string{"target": target, "file": path}); err != nil {
			return err
		}
	}
	return nil
}

func main() {
	at := flag.String("at", "", "what the time is, by RFC 3339")
	flag.Parse()
	if flag.NArg() < 3 {
		fmt.Fprintln(os.Stderr, "usage: go-tuf-client [--at TIME] URL CACHE OUT TARGET...")
		os.Exit(2)
	}
	if err := run(flag.Args(), *at); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
