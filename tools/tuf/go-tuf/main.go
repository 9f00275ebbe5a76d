// SPDX-License-Identifier: Apache-2.0

// go-tuf-client is go-tuf behind a command line, for benches and for tests:
//
//	go-tuf-client [--at TIME] URL CACHE OUT [TARGET...]   refresh, and fetch these targets
//	go-tuf-client add FOLDER KEY PATH LENGTH SHA256      list a target in its bin, and publish that
//
// It refreshes from the CACHE's root.json, or where it is new from its 1.root.json, and says on standard output, one JSON
// object a line, where each target is. TIME (RFC 3339) is what it takes the time to be: libfaketime does not reach a Go
// program.
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
	words := flag.Args()
	if len(words) < 3 {
		fmt.Fprintln(os.Stderr, "usage: go-tuf-client [--at TIME] URL CACHE OUT [TARGET...] | add FOLDER KEY PATH LENGTH SHA256")
		os.Exit(2)
	}
	var err error
	if words[0] == "add" && len(words) == 6 {
		err = add(words[1], words[2], words[3], words[4], words[5])
	} else {
		err = run(words, *at)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
