// SPDX-License-Identifier: Apache-2.0

// go-tuf-client is go-tuf behind a command line, for bench/bench-tuf and bench/bench-tuf-repository:
//
//	go-tuf-client URL CACHE OUT TARGET    refresh from the CACHE's 1.root.json, and one target
//	go-tuf-client add FOLDER KEY PATH LENGTH SHA256    list a target in its bin, and publish that
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/theupdateframework/go-tuf/v2/metadata/config"
	"github.com/theupdateframework/go-tuf/v2/metadata/updater"
)

func fetch(url, cache, out, target string) error {
	root, err := os.ReadFile(filepath.Join(cache, "1.root.json"))
	if err != nil {
		return err
	}
	settings, err := config.New(url+"/metadata", root)
	if err != nil {
		return err
	}
	settings.LocalMetadataDir = cache
	settings.LocalTargetsDir = out
	settings.RemoteTargetsURL = url + "/targets"
	settings.PrefixTargetsWithHash = true
	settings.SnapshotMaxLength = 64 << 20
	settings.TargetsMaxLength = 256 << 20
	client, err := updater.New(settings)
	if err != nil {
		return err
	}
	if err := client.Refresh(); err != nil {
		return err
	}
	info, err := client.GetTargetInfo(target)
	if err != nil {
		return err
	}
	path, _, err := client.FindCachedTarget(info, "")
	if err != nil {
		return err
	}
	if path == "" {
		_, _, err = client.DownloadTarget(info, "", "")
	}
	return err
}

func run(words []string) error {
	switch {
	case len(words) == 6 && words[0] == "add":
		return add(words[1], words[2], words[3], words[4], words[5])
	case len(words) == 4:
		return fetch(words[0], words[1], words[2], words[3])
	}
	return errors.New("usage: go-tuf-client URL CACHE OUT TARGET | add FOLDER KEY PATH LENGTH SHA256")
}

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
