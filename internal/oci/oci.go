package oci

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"oras.land/oras-go/v2/errdef"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/store"
)

// Result says what was read or written.
type Result struct {
	Reference string // with the tag, "" when there was none
	Pinned    string // with the digest
	SignedBy  *PublicKey
	*Artefact
}

func result(r reference, a *Artefact, by *PublicKey) *Result {
	tagged := ""
	if r.tag != "" {
		tagged = r.String()
	}
	return &Result{tagged, r.pinned(a.digest()), by, a}
}

// Push writes an artefact. Without a tag in the reference it gets its version. With a key it is signed, before the tag leads to it. A tag that
// is a version and leads to something else is moved by force only: teams rely on what a version is.
func Push(ctx context.Context, a *Artefact, to string, key *PrivateKey, force bool, o Options) (*Result, error) {
	r, err := parseReference(to)
	if err != nil {
		return nil, err
	}
	ctx, cancel := o.context(ctx)
	defer cancel()
	return write(ctx, a, nil, r, key, force, o)
}

// Copy copies an artefact and its signatures from one place to another, and signs it as Push does.
func Copy(ctx context.Context, from, to string, key *PrivateKey, force bool, o Options) (*Result, error) {
	r, err := parseReference(from)
	if err != nil {
		return nil, err
	}
	target, err := parseReference(to)
	if err != nil {
		return nil, err
	}
	ctx, cancel := o.context(ctx)
	defer cancel()
	src, r, err := openSource(ctx, r, o)
	if err != nil {
		return nil, err
	}
	a, _, err := read(ctx, src, r, o, "")
	if err != nil {
		return nil, err
	}
	if target.tag == "" {
		target.tag = r.tag
	}
	return write(ctx, a, src, target, key, force, o)
}

// write writes an artefact, with its signatures when there is a source that may have some.
func write(ctx context.Context, a *Artefact, from source, r reference, key *PrivateKey, force bool, o Options) (*Result, error) {
	if r.tag == "" && r.digest == "" {
		if r.tag = a.Version; r.tag == "" {
			return nil, &problem.Problem{What: "the catalogue has no version, and the reference no tag", Where: r.String(), Next: "name the tag, or write changelog/1.0.0.yaml"}
		}
	}
	to, err := openTarget(ctx, r, o)
	if err != nil {
		return nil, err
	}
	switch old, err := to.Resolve(ctx, r.tag); {
	case err != nil && !errors.Is(err, errdef.ErrNotFound):
		return nil, r.explain(err)
	case err == nil && old.Digest != a.digest() && goldenpath.IsVersion(r.tag) && !force:
		return nil, &problem.Problem{What: "the version " + r.tag + " is there with another content", Where: r.String(), Why: "it is " + old.Digest.String() + ", and this is " + a.Digest(),
			Next: "add a version to the changelog, or move the tag with --force if nobody uses it yet", Err: ErrTagTaken}
	}
	if err := a.push(ctx, to); err != nil {
		return nil, r.explain(err)
	}
	if from != nil {
		if err := copySignatures(ctx, from, to, a.descriptor()); err != nil {
			return nil, r.explain(err)
		}
	}
	var by *PublicKey
	if key != nil {
		by = &key.pub
		if err := addSignature(ctx, a, to, r, key); err != nil {
			return nil, r.explain(err)
		}
	}
	if err := to.Tag(ctx, a.descriptor(), r.tag); err != nil {
		return nil, r.explain(err)
	}
	return result(r, a, by), nil
}

// addSignature signs an artefact that the key has not signed yet.
func addSignature(ctx context.Context, a *Artefact, to target, r reference, key *PrivateKey) error {
	there, err := signatures(ctx, to, a.descriptor())
	if err != nil {
		return err
	}
	if _, _, err := check(r, a.digest(), there, []PublicKey{key.pub}); err == nil {
		return nil
	}
	name := ""
	if r.layout == "" {
		name = r.registry.String()
	}
	s, err := key.signDigest(a.digest(), name)
	if err != nil {
		return err
	}
	return pushSignature(ctx, to, a.descriptor(), s)
}

// read reads an artefact and checks what is asked of it.
func read(ctx context.Context, from source, r reference, o Options, c cache) (*Artefact, *PublicKey, error) {
	a, err := readArtefact(ctx, from, r, c)
	if err != nil {
		return nil, nil, r.explain(err)
	}
	if len(o.PublicKeys) == 0 {
		return a, nil, nil
	}
	if by, _, err := check(r, a.digest(), c.signatures(a.digest()), o.PublicKeys); err == nil {
		return a, &by, nil
	}
	all, err := signatures(ctx, from, a.descriptor())
	if err != nil {
		return nil, nil, r.explain(err)
	}
	by, s, err := check(r, a.digest(), all, o.PublicKeys)
	if err != nil {
		return nil, nil, err
	}
	c.writeSignature(a.digest(), s)
	return a, &by, nil
}

// Verify reads an artefact whole and checks digests, archive and, with keys, signatures. The cache is not asked.
func Verify(ctx context.Context, ref string, o Options) (*Result, error) {
	r, err := parseReference(ref)
	if err != nil {
		return nil, err
	}
	ctx, cancel := o.context(ctx)
	defer cancel()
	from, r, err := openSource(ctx, r, o)
	if err != nil {
		return nil, err
	}
	a, by, err := read(ctx, from, r, o, "")
	if err != nil {
		return nil, err
	}
	return result(r, a, by), nil
}

// Open returns a catalogue as a file system in memory, and its digest. What came from a registry once is kept in the cache: a reference with a
// digest then needs no network, one with a tag asks where the tag leads to.
func Open(ctx context.Context, ref string, o Options) (fs.FS, string, error) {
	r, err := parseReference(ref)
	if err != nil {
		return nil, "", err
	}
	ctx, cancel := o.context(ctx)
	defer cancel()
	from, r, err := openSource(ctx, r, o)
	if err != nil {
		return nil, "", err
	}
	c := o.cache()
	if r.layout != "" {
		c = "" // it is on this machine already
	}
	a, _, err := read(ctx, from, r, o, c)
	if p, ok := errors.AsType[*problem.Problem](err); ok && p.Exit == problem.ExitIncomplete && c != "" && r.tag != "" {
		p.Next += "; a digest in place of the tag needs no network once it has been read"
	}
	if err != nil {
		return nil, "", err
	}
	c.write(a.layer)
	c.write(a.manifest)
	fsys, err := a.files.fsys()
	return fsys, a.Digest(), err
}

// Pull writes a catalogue to a folder, which is there whole or not at all. A folder that holds something is replaced by force only, and only if
// that is a catalogue.
func Pull(ctx context.Context, ref, dir string, force bool, o Options) (*Result, error) {
	at, err := place(dir, force)
	if err != nil {
		return nil, err
	}
	got, err := Verify(ctx, ref, o)
	if err != nil {
		return nil, err
	}
	switch err := got.files.replace(ctx, at); {
	case errors.Is(err, context.Canceled):
		return nil, &problem.Problem{What: "stopped before anything was written", Where: dir, Next: "run the command again", Exit: problem.ExitIncomplete, Err: err}
	case err != nil:
		return nil, &problem.Problem{What: "cannot write the catalogue", Where: dir, Why: problem.Plain(err), Next: "make the folder above it writable, or name another with -o", Exit: problem.ExitIncomplete, Err: err}
	}
	return got, nil
}

// place says where a folder really is, and refuses one that must not be replaced.
func place(dir string, force bool) (string, error) {
	refuse := func(what, next string, err error) (string, error) {
		return "", &problem.Problem{What: what, Where: dir, Next: next, Err: err}
	}
	at, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if real, err := filepath.EvalSymlinks(at); err == nil {
		at = real
	}
	if wd, err := os.Getwd(); err == nil {
		if real, err := filepath.EvalSymlinks(wd); err == nil {
			wd = real
		}
		if rel, err := filepath.Rel(at, wd); err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
			return refuse("cannot replace the working directory or a folder above it", "name a folder of the catalogue's own with -o", nil)
		}
	}
	entries, err := os.ReadDir(at)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return at, nil
	case err != nil:
		return refuse("cannot look into the folder: "+problem.Plain(err), "name another folder with -o", err)
	case len(entries) == 0:
		return at, nil
	case !force:
		return refuse("the folder is not empty", "name a new folder with -o, or replace the catalogue in it with --force", fs.ErrExist)
	}
	if _, err := os.Stat(filepath.Join(at, "catalogue.yaml")); err != nil {
		return refuse("the folder is no catalogue, so it is not replaced", "name another folder with -o", fs.ErrExist)
	}
	if _, err := os.Lstat(filepath.Join(at, ".git")); err == nil {
		return refuse("the folder is a Git repository, so it is not replaced", "name another folder with -o", fs.ErrExist)
	}
	return at, nil
}

// replace puts the files into the place of a folder. They are written beside it first.
func (all files) replace(ctx context.Context, at string) error {
	parent := filepath.Dir(at)
	if err := os.MkdirAll(parent, 0o777); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(parent, ".fairway-*")
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside)
	fresh, old := filepath.Join(beside, "new"), filepath.Join(beside, "old")
	if err := os.Mkdir(fresh, 0o777); err != nil {
		return err
	}
	var out []store.File
	for _, f := range all {
		name, err := filepath.Localize(f.name)
		if err != nil {
			return fmt.Errorf("%s is no name that this machine can have", f.name)
		}
		out = append(out, store.File{Name: filepath.Join(fresh, name), Data: f.data})
	}
	if err := store.WriteFiles(out); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	err = os.Rename(at, old)
	if errors.Is(err, fs.ErrNotExist) {
		return os.Rename(fresh, at)
	}
	if err != nil {
		return err
	}
	if err := os.Rename(fresh, at); err != nil {
		return errors.Join(err, os.Rename(old, at))
	}
	return nil
}
