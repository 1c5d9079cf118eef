package oci

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"
	"time"
)

// What a catalogue may be at most. The largest that we know of, with four shapes in twenty versions, has 1,500 files and 6 MB.
const (
	maxFiles = 8_000
	maxFile  = 4 << 20  // bytes of one file
	maxTotal = 64 << 20 // bytes of all files
	// A file adds a header and the rest of its last block, 1 KiB at most, and 2.5 KiB more if its name is long.
	maxArchive = maxTotal + maxFiles*(4<<10)
)

// file is a file of a catalogue; its name is valid in io/fs.
type file struct {
	name string
	data []byte
}

// files is what an archive holds, in the order of names.
type files []file

// A collector takes files and keeps to the limits, whether they come from a folder or from an archive.
type collector struct {
	files files
	seen  map[string]string // by name in lower case
	total int64
}

// add takes a file of a size that was announced; read returns its content.
func (c *collector) add(name string, size int64, read func() ([]byte, error)) error {
	if !fs.ValidPath(name) || name == "." || strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '\\' || r == ':' }) {
		return fmt.Errorf("%q is no name that every machine can have inside the folder", name)
	}
	// Where upper and lower case are the same, one would overwrite the other.
	if other, twice := c.seen[strings.ToLower(name)]; twice {
		return fmt.Errorf("%s and %s have the same name, at least in part of the world", other, name)
	}
	if c.seen == nil {
		c.seen = map[string]string{}
	}
	c.seen[strings.ToLower(name)] = name
	c.total += size
	switch {
	case size < 0 || size > maxFile:
		return fmt.Errorf("%s is larger than %d MB", name, maxFile>>20)
	case len(c.files) == maxFiles:
		return fmt.Errorf("there are more than %d files", maxFiles)
	case c.total > maxTotal:
		return fmt.Errorf("the files are larger than %d MB together", maxTotal>>20)
	}
	data, err := read()
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) != size {
		return fmt.Errorf("%s changed while it was read", name)
	}
	c.files = append(c.files, file{name, data})
	return nil
}

// gather reads the files of a folder. Hidden files and folders at its top are left out, such as those of Git and of editors.
func gather(fsys fs.FS) (files, error) {
	var c collector
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name == ".":
			return nil
		case strings.HasPrefix(name, ".") || d.Name() == ".git" || d.Name() == ".DS_Store":
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		case !d.Type().IsRegular():
			return fmt.Errorf("%s is a symbolic link or another special file, which not every machine can have", name)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return c.add(name, info.Size(), func() ([]byte, error) { return fs.ReadFile(fsys, name) })
	})
	return c.files, err
}

// pack writes the archive. It is the same for the same files, for ever.
func (all files) pack() ([]byte, error) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.name, b.name) })
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for _, f := range all {
		// The zero time is written as the Unix epoch.
		err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.name, Size: int64(len(f.data)), Mode: 0o644, ModTime: time.Unix(0, 0), Format: tar.FormatPAX})
		if err == nil {
			_, err = w.Write(f.data)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return stored(out.Bytes()), nil
}

// stored frames bytes as gzip (RFC 1952) with stored blocks (RFC 1951, 3.2.4): 5 bytes and up to 65,535 of the content each.
func stored(data []byte) []byte {
	const block = 0xffff
	out := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255} // deflate, no flags, no time, no level, no system
	for rest := data; ; {
		n := min(len(rest), block)
		last := byte(0)
		if n == len(rest) {
			last = 1
		}
		out = append(out, last)
		out = binary.LittleEndian.AppendUint16(out, uint16(n))
		out = binary.LittleEndian.AppendUint16(out, ^uint16(n))
		out = append(out, rest[:n]...)
		if rest = rest[n:]; last == 1 {
			break
		}
	}
	out = binary.LittleEndian.AppendUint32(out, crc32.ChecksumIEEE(data))
	return binary.LittleEndian.AppendUint32(out, uint32(len(data)))
}

// unpack reads an archive that anyone may have made.
func unpack(archive []byte) (files, error) {
	zipped, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil, err
	}
	in := &io.LimitedReader{R: zipped, N: maxArchive}
	var c collector
	for r, n := tar.NewReader(in), 0; ; n++ {
		h, err := r.Next()
		switch {
		case err == io.EOF:
			slices.SortFunc(c.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
			return c.files, c.nested()
		case err != nil && in.N <= 0 || n > 2*maxFiles:
			return nil, errors.New("it is larger than any catalogue")
		case err != nil:
			return nil, err
		case h.Typeflag == tar.TypeDir && fs.ValidPath(strings.TrimSuffix(h.Name, "/")):
			continue
		case h.Typeflag != tar.TypeReg:
			return nil, fmt.Errorf("%q is no plain file", h.Name)
		}
		err = c.add(h.Name, h.Size, func() ([]byte, error) {
			data := make([]byte, h.Size)
			_, err := io.ReadFull(r, data)
			return data, err
		})
		if err != nil {
			return nil, err
		}
	}
}

// nested refuses a file that is the folder of another one.
func (c *collector) nested() error {
	for _, f := range c.files {
		for i, x := range f.name {
			if _, there := c.seen[strings.ToLower(f.name[:i])]; x == '/' && there {
				return fmt.Errorf("%s is a file and a folder", f.name[:i])
			}
		}
	}
	return nil
}

// fsys is the files as a file system in memory: the standard library's one is the reader of zip archives.
func (all files) fsys() (fs.FS, error) {
	var out bytes.Buffer
	size := 0
	for _, f := range all {
		size += len(f.data) + 2*len(f.name) + 128 // its headers before and behind all files
	}
	out.Grow(size)
	w := zip.NewWriter(&out)
	for _, f := range all {
		at, err := w.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Store})
		if err == nil {
			_, err = at.Write(f.data)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
}
