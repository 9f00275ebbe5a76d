// SPDX-License-Identifier: Apache-2.0

// go-tuf-client is go-tuf's updater behind a command line, for bench/bench-tuf:
//
//	go-tuf-client URL CACHE OUT TARGET    refresh from the CACHE's 1.root.json, and one target
package main

import (
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

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: go-tuf-client URL CACHE OUT TARGET")
		os.Exit(2)
	}
	if err := fetch(os.Args[1], os.Args[2], os.Args[3], os.Args[4]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
