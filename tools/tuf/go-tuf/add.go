// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

func readSigner(path string) (signature.Signer, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("the key is no PEM")
	}
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	return signature.LoadSigner(key, crypto.Hash(0))
}

func write[T metadata.Roles](role *metadata.Metadata[T], folder, name string, signer signature.Signer) error {
	role.ClearSignatures()
	if _, err := role.Sign(signer); err != nil {
		return err
	}
	return role.ToFile(filepath.Join(folder, name), false)
}

// Lists one target: reads timestamp, snapshot, targets and its bin, and writes all but targets anew.
// go-tuf asks for no sync of what it writes.
func add(folder, keyFile, path, length, hash string) error {
	signer, err := readSigner(keyFile)
	if err != nil {
		return err
	}
	timestamp, err := metadata.Timestamp().FromFile(filepath.Join(folder, "timestamp.json"))
	if err != nil {
		return err
	}
	snapshot, err := metadata.Snapshot().FromFile(filepath.Join(folder, fmt.Sprintf("%d.snapshot.json", timestamp.Signed.Meta["snapshot.json"].Version)))
	if err != nil {
		return err
	}
	targets, err := metadata.Targets().FromFile(filepath.Join(folder, fmt.Sprintf("%d.targets.json", snapshot.Signed.Meta["targets.json"].Version)))
	if err != nil {
		return err
	}
	roles := targets.Signed.Delegations.GetRolesForTarget(path)
	if len(roles) != 1 {
		return errors.New("no bin takes the target")
	}
	name := roles[0].Name
	bin, err := metadata.Targets().FromFile(filepath.Join(folder, fmt.Sprintf("%d.%s.json", snapshot.Signed.Meta[name+".json"].Version, name)))
	if err != nil {
		return err
	}
	size, err := strconv.ParseInt(length, 10, 64)
	if err != nil {
		return err
	}
	sum, err := hex.DecodeString(hash)
	if err != nil {
		return err
	}
	bin.Signed.Targets[path] = &metadata.TargetFiles{Length: size, Hashes: metadata.Hashes{"sha256": sum}, Path: path}
	bin.Signed.Version++
	snapshot.Signed.Version++
	snapshot.Signed.Meta[name+".json"].Version = bin.Signed.Version
	timestamp.Signed.Version++
	timestamp.Signed.Meta["snapshot.json"] = metadata.MetaFile(snapshot.Signed.Version)
	if err := write(bin, folder, fmt.Sprintf("%d.%s.json", bin.Signed.Version, name), signer); err != nil {
		return err
	}
	if err := write(snapshot, folder, fmt.Sprintf("%d.snapshot.json", snapshot.Signed.Version), signer); err != nil {
		return err
	}
	return write(timestamp, folder, "timestamp.json", signer)
}
