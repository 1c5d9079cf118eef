package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
)

// unit is one file and what became of it.
type unit struct {
	entry
	file      *source.File // nil when it was not parsed
	bytes     int64
	trees     []Tree
	skipped   []finding.Skipped
	failures  []finding.Failure
	artifacts []string // see Input.Artifacts
	declared  []cluster.Declared
	markup    int  // documents left aside because of template markup, told by folder
	quiet     bool // a file that need not be named: told by path

	loaded, left, failed int // documents
}

// sniff is how much of a file is looked at to tell text from something else, as git and grep do.
const sniff = 8 << 10

// read reads one file. It never fails: what goes wrong is in the unit.
func (l *loader) read(ctx context.Context, e entry) *unit {
	u := &unit{entry: e}
	var in io.Reader = l.Stdin
	size := int64(1 << 20) // a guess for input that does not know
	if data, ok := l.instead[e.real]; ok {
		in, size = bytes.NewReader(data), int64(len(data))
	} else if e.real != "" {
		f, err := l.disk.Open(e.real)
		if err != nil {
			return u.fail(readFailure(e.name, err))
		}
		defer f.Close()
		switch info, err := f.Stat(); {
		case err != nil:
			return u.fail(readFailure(e.name, err))
		case info.Mode().IsRegular():
			size = info.Size()
		case !isDescriptor(e.real):
			return u.fail(irregular(e.name, info.Mode()))
		}
		in = f
	}
	if in == nil {
		in = bytes.NewReader(nil)
	}
	weight := min(max(size, 1), bytesInFlight)
	if err := l.flight.Acquire(ctx, weight); err != nil {
		return u
	}
	defer l.flight.Release(weight)

	var buf bytes.Buffer
	buf.Grow(int(min(size, l.MaxFileBytes)) + bytes.MinRead)
	n, err := buf.ReadFrom(io.LimitReader(in, l.MaxFileBytes+1))
	if err != nil {
		return u.fail(readFailure(e.name, err))
	}
	u.bytes = n
	data := buf.Bytes()
	if n > l.MaxFileBytes {
		if !e.explicit && !mentionsObject(data) {
			return u.aside(TooLarge, fmt.Sprintf("over %d MiB", l.MaxFileBytes>>20))
		}
		return u.fail(finding.Failure{Place: finding.Place{File: e.name}, Message: fmt.Sprintf("is larger than %d MiB", l.MaxFileBytes>>20),
			Hint: "split it into files of one application each"})
	}
	l.take(u, data)
	return u
}

// take turns the bytes of a file into trees.
func (l *loader) take(u *unit, data []byte) {
	if bytes.HasPrefix(data, []byte("\x00GITCRYPT\x00")) {
		u.aside(Encrypted, "")
		return
	}
	if i := bytes.IndexByte(data[:min(len(data), sniff)], 0); i >= 0 && !isUTF16(data) {
		u.fail(finding.Failure{Place: finding.Place{File: u.name}, Message: fmt.Sprintf("is no text: there is a zero byte at byte %d", i),
			Hint: "leave binary and encrypted files out"})
		return
	}
	if !u.explicit && !isUTF16(data) && !mentionsObject(data) && !isService(u.name) {
		switch {
		case len(bytes.TrimSpace(data)) == 0:
			u.aside(Empty, "")
		case isJSON(u.name):
			u.quiet = true
			u.left++
		default:
			u.aside(NotKubernetes, "")
		}
		return
	}
	u.file = source.Parse(u.name, data)
	u.sort(scopeOf(u.name))
}

// isService reports whether a file of that name may be a service file, which says of its manifests what they cannot: fairway.yaml, or
// NAME.fairway.yaml where several share a folder.
func isService(name string) bool {
	base := path.Base(name)
	return base == "fairway.yaml" || strings.HasSuffix(base, ".fairway.yaml")
}

func scopeOf(name string) string {
	if name == StdinName {
		return StdinName
	}
	return cluster.ScopeOf(name)
}

// aside leaves the whole file aside.
func (u *unit) aside(reason, detail string) *unit {
	*u = unit{entry: u.entry, bytes: u.bytes, left: max(1, u.loaded+u.left+u.failed)}
	u.skipped = append(u.skipped, finding.Skipped{Place: finding.Place{File: u.name}, Reason: reason, Detail: detail})
	return u
}

func (u *unit) fail(f finding.Failure) *unit {
	u.failures = append(u.failures, f)
	u.failed++
	return u
}

// isUTF16 recognises UTF-16 by its byte order mark, or by the zero bytes of an ASCII character in front. Reading it is refused by
// package source, which can say where and why.
func isUTF16(data []byte) bool {
	if len(data) < 4 {
		return false
	}
	bom := data[0] == 0xFF && data[1] == 0xFE || data[0] == 0xFE && data[1] == 0xFF
	little := data[0] != 0 && data[1] == 0 && data[2] != 0 && data[3] == 0
	big := data[0] == 0 && data[1] != 0 && data[2] == 0 && data[3] != 0
	return bom || little || big
}

func isJSON(name string) bool { return len(name) > 5 && name[len(name)-5:] == ".json" }

// mentionsObject reports whether the text could hold a Kubernetes object: whether apiVersion or kind stands in it as a key. It is
// what makes large files about something else cheap.
func mentionsObject(data []byte) bool {
	return mentionsKey(data, "apiVersion") || mentionsKey(data, "kind")
}

func mentionsKey(data []byte, key string) bool {
	k := []byte(key)
	for {
		i := bytes.Index(data, k)
		if i < 0 {
			return false
		}
		begins := i == 0 || bytes.IndexByte([]byte(" \t\r\n\"'{,?-"), data[i-1]) >= 0 || data[i-1] >= 0x80 // a byte order mark
		data = data[i+len(k):]
		rest := bytes.TrimLeft(data[:min(len(data), 64)], "\"' \t\r\n")
		if begins && len(rest) > 0 && rest[0] == ':' {
			return true
		}
	}
}
