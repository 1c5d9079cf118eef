package dump

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// Limits of what is read. A cluster of 15,000 pods has dumps of some 100 MB.
const (
	maxEntries  = 500_000
	maxFile     = 512 << 20 // one file
	maxBytes    = 4 << 30   // all files
	freeBytes   = 128 << 20 // up to here nobody asks how well an archive was compressed
	maxRatio    = 200       // text compresses to a tenth, JSON of a cluster to a thirtieth
	manifestMax = 64 << 20
	maxObjects  = 1_000_000
)

// refusal is why an archive is not read, and which of its entries is to blame; "" for the archive itself.
type refusal struct{ where, why string }

func (r *refusal) Error() string { return r.where + ": " + r.why }

// walk calls visit for each regular file of a folder or archive in its order: an archive's own, a folder's by name but for a manifest,
// which comes first. Names have forward slashes and are relative. visit need not read to the end.
func walk(name string, visit func(file string, r io.Reader) error) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	if info.IsDir() {
		return walkFolder(name, visit)
	}
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	return walkTar(f, visit)
}

func walkFolder(dir string, visit func(string, io.Reader) error) error {
	first := ""
	for _, pattern := range []string{manifestName, "*/" + manifestName} {
		if found, _ := filepath.Glob(filepath.Join(escape(dir), pattern)); first == "" && len(found) > 0 {
			first = found[0]
		}
	}
	entries, total := 0, int64(0)
	open := func(p string) error {
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		f, err := os.Open(p)
		if err != nil {
			return err
		}
		defer f.Close()
		rel = filepath.ToSlash(rel)
		return visit(rel, &bounded{r: f, name: rel, left: maxFile})
	}
	if info, err := os.Lstat(first); first != "" && err == nil && info.Mode().IsRegular() {
		if err := open(first); err != nil {
			return err
		}
	}
	return filepath.WalkDir(dir, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() || p == first { // links are not followed
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		total += info.Size()
		if entries++; entries > maxEntries || total > maxBytes {
			return &refusal{dir, fmt.Sprintf("it holds more than %d files or %d GiB", maxEntries, maxBytes>>30)}
		}
		return open(p)
	})
}

// escape makes a name a pattern that matches it alone.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

func walkTar(f io.Reader, visit func(string, io.Reader) error) error {
	packed := &counter{r: f}
	in := bufio.NewReader(packed)
	var plain io.Reader = in
	if head, _ := in.Peek(2); bytes.Equal(head, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(in)
		if err != nil {
			return fmt.Errorf("read the gzip header: %w", err)
		}
		plain = &inflated{r: z, packed: packed}
	}
	t := tar.NewReader(plain)
	for entries := 0; ; entries++ {
		h, err := t.Next()
		if err == io.EOF {
			if entries == 0 {
				return &refusal{"", "it holds no files"}
			}
			return nil
		}
		if err != nil {
			return err
		}
		if entries >= maxEntries {
			return &refusal{h.Name, fmt.Sprintf("it holds more than %d files", maxEntries)}
		}
		name := path.Clean(h.Name)
		if !filepath.IsLocal(filepath.FromSlash(name)) || strings.Contains(h.Name, `\`) {
			return &refusal{h.Name, "the name leads out of the archive"}
		}
		switch h.Typeflag {
		case tar.TypeReg:
		case tar.TypeSymlink, tar.TypeLink:
			target := path.Join(path.Dir(name), h.Linkname)
			if h.Typeflag == tar.TypeLink {
				target = path.Clean(h.Linkname)
			}
			if path.IsAbs(h.Linkname) || !filepath.IsLocal(filepath.FromSlash(target)) {
				return &refusal{h.Name, "the link to " + h.Linkname + " leads out of the archive"}
			}
			continue // support bundles link logs to each other; the file itself is in the archive
		default:
			continue
		}
		if h.Size > maxFile {
			return &refusal{h.Name, fmt.Sprintf("it is larger than %d MiB", maxFile>>20)}
		}
		if err := visit(name, &bounded{r: t, name: name, left: maxFile}); err != nil {
			return err
		}
	}
}

// bounded refuses files that are larger than they say.
type bounded struct {
	r    io.Reader
	name string
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return n, &refusal{b.name, fmt.Sprintf("it is larger than %d MiB", maxFile>>20)}
	}
	return n, err
}

// counter counts the bytes of the archive itself.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// inflated refuses archives that grow out of all proportion.
type inflated struct {
	r      io.Reader
	packed *counter
	n      int64
}

func (i *inflated) Read(p []byte) (int, error) {
	n, err := i.r.Read(p)
	i.n += int64(n)
	switch {
	case i.n > maxBytes:
		return n, &refusal{"", fmt.Sprintf("it holds more than %d GiB", maxBytes>>30)}
	case i.n > freeBytes && i.n > maxRatio*i.packed.n:
		return n, &refusal{"", fmt.Sprintf("it grows to more than %d times its size", maxRatio)}
	}
	return n, err
}

// unreadable turns an error of reading an archive into what its user reads.
func unreadable(name string, err error) error {
	if p, ok := errors.AsType[*problem.Problem](err); ok {
		return p
	}
	p := &problem.Problem{What: "cannot read the archive", Where: name, Why: problem.Plain(err), Exit: problem.ExitIncomplete, Err: err,
		Next: "name a dump of fairway dump, kubectl cluster-info dump, must-gather or a support bundle: a folder, .tar or .tar.gz"}
	switch r, ok := errors.AsType[*refusal](err); {
	case ok:
		p.What, p.Why, p.Next = "the archive is refused", r.why, "get the archive from whoever made it once more; nothing of it was used"
		if r.where != "" && r.where != name {
			p.Where = name + ", entry " + r.where
		}
	case errors.Is(err, fs.ErrNotExist):
		p.Exit, p.Next = problem.ExitUsage, "name a file or folder that exists"
	case errors.Is(err, io.ErrUnexpectedEOF):
		p.Why, p.Next = "it breaks off", "get the archive from whoever made it once more"
	case errors.Is(err, tar.ErrHeader):
		p.Why = "it is no tar file"
	}
	return p
}
