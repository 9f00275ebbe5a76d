// SPDX-License-Identifier: Apache-2.0

// go-tuf-repo FOLDER: a repository as go-tuf writes it, for tests that read it.
//
// FOLDER/metadata has two roots, the second of which takes a new key for timestamp; roles signed with
// Ed25519, ECDSA and RSA-PSS; a delegation by path and, below another role, hash bins. FOLDER/targets
// has what they list.
package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"time"

	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/theupdateframework/go-tuf/v2/metadata"
)

// Far away, so that a test need not set a clock.
var expiry = time.Date(2090, 1, 1, 0, 0, 0, 0, time.UTC)

type signingKey struct {
	signer signature.Signer
	public *metadata.Key
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func must[T any](value T, err error) T {
	check(err)
	return value
}

func newKey(kind string) signingKey {
	var private crypto.Signer
	switch kind {
	case "ecdsa":
		private = must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	case "rsa":
		private = must(rsa.GenerateKey(rand.Reader, 2048))
	default:
		_, key, err := ed25519.GenerateKey(rand.Reader)
		check(err)
		private = key
	}
	var signer signature.Signer
	switch key := private.(type) {
	case *rsa.PrivateKey:
		signer = must(signature.LoadRSAPSSSigner(key, crypto.SHA256, &rsa.PSSOptions{Hash: crypto.SHA256}))
	case ed25519.PrivateKey:
		signer = must(signature.LoadSigner(key, crypto.Hash(0)))
	default:
		signer = must(signature.LoadSigner(private, crypto.SHA256))
	}
	return signingKey{signer, must(metadata.KeyFromPublicKey(private.Public()))}
}

type repository struct{ folder string }

func (r repository) path(parts ...string) string {
	path := filepath.Join(append([]string{r.folder}, parts...)...)
	check(os.MkdirAll(filepath.Dir(path), 0o755))
	return path
}

// Lists a target, and puts it where clients look for it.
func (r repository) add(role *metadata.Metadata[metadata.TargetsType], path, content string) {
	file := must(metadata.TargetFile().FromBytes(path, []byte(content), "sha256", "sha512"))
	role.Signed.Targets[path] = file
	stored := filepath.Join("targets", filepath.Dir(path), file.Hashes["sha256"].String()+"."+filepath.Base(path))
	check(os.WriteFile(r.path(stored), []byte(content), 0o644))
}

func publish[T metadata.Roles](r repository, role *metadata.Metadata[T], name string, keys ...signingKey) {
	for _, key := range keys {
		must(role.Sign(key.signer))
	}
	check(role.ToFile(r.path("metadata", name), true))
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go-tuf-repo FOLDER")
	}
	r := repository{os.Args[1]}
	rootKey, otherRootKey := newKey("ed25519"), newKey("ecdsa")
	targetsKey, snapshotKey, oldTimestampKey, timestampKey := newKey("rsa"), newKey("ecdsa"), newKey("ed25519"), newKey("ed25519")
	libsKey, binsKey := newKey("ecdsa"), newKey("ed25519")

	root := metadata.Root(expiry)
	for role, key := range map[string]signingKey{"root": rootKey, "targets": targetsKey, "snapshot": snapshotKey, "timestamp": oldTimestampKey} {
		check(root.Signed.AddKey(key.public, role))
	}
	check(root.Signed.AddKey(otherRootKey.public, "root"))
	root.Signed.Roles["root"].Threshold = 2
	publish(r, root, "1.root.json", rootKey, otherRootKey)
	check(root.Signed.RevokeKey(must(oldTimestampKey.public.ID()), "timestamp"))
	check(root.Signed.AddKey(timestampKey.public, "timestamp"))
	root.Signed.Version = 2
	root.ClearSignatures()
	publish(r, root, "2.root.json", rootKey, otherRootKey)

	snapshot := metadata.Snapshot(expiry)
	targets := metadata.Targets(expiry)
	r.add(targets, "app.txt", "an app\n")
	targets.Signed.Delegations = &metadata.Delegations{
		Keys: map[string]*metadata.Key{},
		Roles: []metadata.DelegatedRole{
			{Name: "libs", Threshold: 1, Terminating: true, Paths: []string{"libs/*"}, KeyIDs: []string{}},
			{Name: "binned", Threshold: 1, Paths: []string{"bins/*"}, KeyIDs: []string{}},
		},
	}
	check(targets.Signed.AddKey(libsKey.public, "libs"))
	check(targets.Signed.AddKey(binsKey.public, "binned"))

	libs := metadata.Targets(expiry)
	r.add(libs, "libs/a.txt", "a library, \"quoted\" and \\ so on\n")
	publish(r, libs, "1.libs.json", libsKey)
	snapshot.Signed.Meta["libs.json"] = metadata.MetaFile(1)

	bins := &metadata.SuccinctRoles{KeyIDs: []string{}, Threshold: 1, BitLength: 4, NamePrefix: "bin"}
	binned := metadata.Targets(expiry)
	binned.Signed.Delegations = &metadata.Delegations{Keys: map[string]*metadata.Key{}, SuccinctRoles: bins}
	check(binned.Signed.AddKey(binsKey.public, "bin"))
	publish(r, binned, "1.binned.json", binsKey)
	snapshot.Signed.Meta["binned.json"] = metadata.MetaFile(1)
	each := map[string]*metadata.Metadata[metadata.TargetsType]{}
	for _, name := range bins.GetRoles() {
		each[name] = metadata.Targets(expiry)
		snapshot.Signed.Meta[name+".json"] = metadata.MetaFile(1)
	}
	for i := range 20 {
		path := fmt.Sprintf("bins/%d.txt", i)
		for _, found := range bins.GetRolesForTarget(path) {
			r.add(each[found.Name], path, fmt.Sprintf("in a bin: %d\n", i))
		}
	}
	for name, role := range each {
		publish(r, role, "1."+name+".json", binsKey)
	}

	publish(r, targets, "1.targets.json", targetsKey)
	publish(r, snapshot, "1.snapshot.json", snapshotKey)
	publish(r, metadata.Timestamp(expiry), "timestamp.json", timestampKey)
}
