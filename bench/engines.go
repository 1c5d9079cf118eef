package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"

	"github.com/fairway-k8s/fairway/internal/testkit/mergejudge"
	"sigs.k8s.io/kustomize/kyaml/kio"
	"sigs.k8s.io/kustomize/kyaml/yaml"
	"sigs.k8s.io/kustomize/kyaml/yaml/merge3"
)

// triple is a case for a merge: three files in a folder.
type triple struct {
	dir                string
	base, ours, theirs []byte
}

func readTriple(dir string) (t triple, err error) {
	t.dir = dir
	for name, into := range map[string]*[]byte{"base": &t.base, "ours": &t.ours, "theirs": &t.theirs} {
		data, err := os.ReadFile(filepath.Join(dir, name+".yaml"))
		if err != nil {
			return t, err
		}
		*into = data
	}
	return t, nil
}

func (t triple) files() []string {
	return []string{filepath.Join(t.dir, "base.yaml"), filepath.Join(t.dir, "ours.yaml"), filepath.Join(t.dir, "theirs.yaml")}
}

// outcome is what an engine made of a triple.
type outcome struct {
	merged    []byte
	conflicts []mergejudge.Conflict // where the engine says where
	conflicted,
	refused bool
}

// engine is a tool that merges.
type engine struct {
	name  string
	merge func(triple) (outcome, error)
}

// engines are fairway and those that it is compared with.
func engines() ([]engine, error) {
	_, fairway, err := buildFairway()
	if err != nil {
		return nil, err
	}
	return []engine{
		{"fairway merge-file", func(t triple) (outcome, error) { return mergeFairway(fairway, t) }},
		{"git merge-file", mergeGit},
		{"kyaml merge3", mergeKyaml},
	}, nil
}

// mergeFairway runs fairway merge-file. Exit code 1 means conflicts, 10 that it refuses to write.
func mergeFairway(bin string, t triple) (o outcome, err error) {
	to, err := os.CreateTemp("", "merged")
	if err != nil {
		return o, err
	}
	to.Close()
	defer os.Remove(to.Name())
	cmd := exec.Command(bin, append([]string{"merge-file", "--output", "json", "-o", to.Name()}, t.files()...)...)
	out, err := cmd.Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.ExitCode() != 1 {
		o.refused = true
		return o, nil
	} else if err != nil && !ok {
		return o, err
	}
	o.conflicted = err != nil
	var report struct {
		Conflicts []struct{ Object, Field string }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return o, fmt.Errorf("the report of fairway: %w", err)
	}
	for _, c := range report.Conflicts {
		o.conflicts = append(o.conflicts, mergejudge.Conflict{Object: c.Object, Field: c.Field})
	}
	o.merged, err = os.ReadFile(to.Name())
	return o, err
}

// mergeGit runs git merge-file. Its exit code is the number of conflicts, or 255.
func mergeGit(t triple) (o outcome, err error) {
	f := t.files()
	o.merged, err = exec.Command("git", "merge-file", "-p", f[1], f[0], f[2]).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		o.refused = exit.ExitCode() == 255
		o.conflicted = !o.refused
		return o, nil
	}
	return o, err
}

// mergeKyaml merges as kpt does with the library of kustomize: objects by API group, kind, namespace and name, lists by the keys that the library
// knows, the indentation of lists kept, what the team deleted not brought back as an object.
func mergeKyaml(t triple) (o outcome, err error) {
	var sides [3][]*yaml.RNode
	for i, data := range [][]byte{t.base, t.ours, t.theirs} {
		// The indentation is kept in an annotation, which only ours needs and the writer takes away.
		r := kio.ByteReader{Reader: bytes.NewReader(data), PreserveSeqIndent: i == 1, OmitReaderAnnotations: i != 1, DisableUnwrapping: true}
		if sides[i], err = r.Read(); err != nil {
			o.refused = true
			return o, nil
		}
	}
	id := func(n *yaml.RNode) string {
		group, _ := path.Split(n.GetApiVersion())
		return group + " " + n.GetKind() + " " + n.GetNamespace() + "/" + n.GetName()
	}
	find := func(side []*yaml.RNode, key string) *yaml.RNode {
		for _, n := range side {
			if id(n) == key {
				return n
			}
		}
		return nil
	}
	var out []*yaml.RNode
	for _, ours := range sides[1] {
		base, theirs := find(sides[0], id(ours)), find(sides[2], id(ours))
		switch {
		case theirs == nil && base != nil:
			if same, err := sameNode(base, ours); err != nil {
				return o, err
			} else if same {
				continue
			}
			out = append(out, ours)
		case theirs == nil:
			out = append(out, ours)
		default:
			n, err := merge3.Merge(ours, base, theirs)
			if err != nil {
				o.refused = true
				return o, nil
			}
			if n != nil {
				out = append(out, n)
			}
		}
	}
	for _, theirs := range sides[2] {
		if find(sides[0], id(theirs)) == nil && find(sides[1], id(theirs)) == nil {
			out = append(out, theirs)
		}
	}
	var b bytes.Buffer
	err = kio.ByteWriter{Writer: &b}.Write(out)
	o.merged = b.Bytes()
	return o, err
}

func sameNode(a, b *yaml.RNode) (bool, error) {
	x, err := a.String()
	if err != nil {
		return false, err
	}
	y, err := b.String()
	return x == y, err
}
