package goldenpath

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"
)

// AncestorFile is the name of the ancestor in a service's folder. Folders with a dot are looked into neither by kustomize nor by lint.
const AncestorFile = ".fairway/ancestor.txtar"

// AncestorOf is the name of the ancestor of a service file: .fairway/ancestor.txtar of fairway.yaml, .fairway/NAME.txtar of NAME.fairway.yaml.
func AncestorOf(serviceFile string) string {
	if name, ok := strings.CutSuffix(path.Base(serviceFile), ".fairway.yaml"); ok {
		return ".fairway/" + name + ".txtar"
	}
	return AncestorFile
}

// Ancestor is what a team's files descend from: the rendering as it was written. An upgrade merges what the team changed since with what the
// path changed, and needs no old catalogue and no old program for it.
type Ancestor struct {
	Path  string // SHAPE@VERSION
	Files []Rendered
}

// The head of an ancestor's file. A txtar archive follows, to which the sum belongs.
const (
	ancestorTitle = "fairway ancestor 1"
	ancestorText  = "What the path wrote. Upgrades merge your changes since with the path's: leave this file as it is, and commit it."
)

// Encode returns the ancestor's file. Equal ancestors have equal files.
func (a *Ancestor) Encode() ([]byte, error) {
	var archive txtar.Archive
	for _, f := range a.Files {
		archive.Files = append(archive.Files, txtar.File{Name: f.Name, Data: f.Data})
	}
	body := txtar.Format(&archive)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n%s\npath: %s\nsha256: %s\n\n", ancestorTitle, ancestorText, a.Path, sum(a.Path, body))
	b.Write(body)
	if back, err := ReadAncestor(b.Bytes()); err != nil {
		return nil, err
	} else if !slices.EqualFunc(back.Files, a.Files, equalFile) {
		return nil, errors.New("the ancestor cannot hold a file with CRLF, with a line such as -- name --, or that does not end with a line break")
	}
	return b.Bytes(), nil
}

// DamagedAncestor says why an ancestor cannot be used.
type DamagedAncestor struct{ Why string }

func (e *DamagedAncestor) Error() string { return "the ancestor " + e.Why }

// ReadAncestor reads an ancestor's file. The error is a *DamagedAncestor: nothing of such a file is to be trusted.
func ReadAncestor(data []byte) (*Ancestor, error) {
	data = bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")) // as Git may check it out
	head, body, ok := bytes.Cut(data, []byte("\n\n"))
	lines := strings.Split(string(head), "\n")
	switch {
	case bytes.Contains(data, []byte("\n<<<<<<< ")):
		return nil, &DamagedAncestor{"has conflict markers of a merge"}
	case strings.HasPrefix(lines[0], "fairway ancestor ") && lines[0] != ancestorTitle:
		return nil, &DamagedAncestor{"was written by a newer fairway (" + lines[0] + ")"}
	case lines[0] != ancestorTitle || !ok || len(lines) != 4:
		return nil, &DamagedAncestor{"is not one: its head is missing"}
	}
	name, isPath := strings.CutPrefix(lines[2], "path: ")
	want, isSum := strings.CutPrefix(lines[3], "sha256: ")
	if !isPath || !isSum || sum(name, body) != want {
		return nil, &DamagedAncestor{"has been changed: its sum is another"}
	}
	a := &Ancestor{Path: name, Files: filesOf(body)}
	for _, f := range a.Files {
		if !contained(f.Name) {
			return nil, &DamagedAncestor{fmt.Sprintf("names %q, which is not in the service's folder", f.Name)}
		}
	}
	return a, nil
}

func filesOf(body []byte) []Rendered {
	var out []Rendered
	for _, f := range txtar.Parse(body).Files {
		out = append(out, Rendered{f.Name, f.Data})
	}
	return out
}

func equalFile(a, b Rendered) bool { return a.Name == b.Name && bytes.Equal(a.Data, b.Data) }

// contained reports whether name stays in the folder that it is relative to.
func contained(name string) bool {
	return name != "." && path.Clean(name) == name && !path.IsAbs(name) && !strings.HasPrefix(name, "../") && name != ".." && !strings.Contains(name, `\`)
}

func sum(name string, body []byte) string {
	h := sha256.New()
	fmt.Fprintf(h, "%s\n", name)
	h.Write(body)
	return hex.EncodeToString(h.Sum(nil))
}
