package load

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/fairway-k8s/fairway/internal/source"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// build is what kustomize made of a kustomization.
type build struct {
	folder
	file    *source.File
	trees   []Tree
	origins []string // for each tree, the real path of the file it came from; "" when kustomize generated it
}

// run builds a kustomization with kustomize, in process. Files outside of the folder may be used, as Flux and Argo CD allow.
// Plugins, functions and Git stay off; package-level checks have made sure that nothing is fetched.
func (l *loader) run(x *kustomization) (*build, error) {
	o := krusty.MakeDefaultOptions()
	o.LoadRestrictions = types.LoadRestrictionsNone
	if l.Helm != "" {
		o.PluginConfig.HelmConfig.Enabled, o.PluginConfig.HelmConfig.Command = true, l.Helm
	}
	tracked := &tracking{FileSystem: filesys.MakeFsOnDisk(), root: x.real}
	var m resmap.ResMap
	err := silently(func() (err error) {
		m, err = krusty.MakeKustomizer(o).Run(tracked, x.real)
		return err
	})
	if err != nil {
		return nil, err
	}
	b := &build{folder: x.folder}
	var text bytes.Buffer
	for i, r := range m.Resources() {
		origin, err := r.GetOrigin()
		if err != nil {
			return nil, err
		}
		file := ""
		if origin != nil && origin.Path != "" && origin.Repo == "" {
			file = filepath.Join(x.real, filepath.FromSlash(origin.Path))
		}
		if !tracked.wanted {
			if err := r.SetOrigin(nil); err != nil {
				return nil, err
			}
		}
		y, err := r.AsYAML()
		if err != nil {
			return nil, err
		}
		if i > 0 {
			text.WriteString("---\n")
		}
		text.Write(y)
		b.origins = append(b.origins, file)
	}
	u := &unit{entry: entry{name: x.name + " (kustomize build)", explicit: true}}
	u.file = source.Parse(u.name, text.Bytes())
	b.file = u.file
	u.sort(x.name)
	b.trees = u.trees
	if len(b.trees) != len(b.origins) {
		return nil, fmt.Errorf("%d objects were built and %d can be read", len(b.origins), len(b.trees))
	}
	for i := range b.trees {
		b.trees[i].Built = true
	}
	return b, nil
}

// tracking is the file system with one change: the kustomization that is built asks kustomize to note where objects come from.
type tracking struct {
	filesys.FileSystem
	root   string
	wanted bool // the user wants the notes as well
}

func (t *tracking) ReadFile(path string) ([]byte, error) {
	data, err := t.FileSystem.ReadFile(path)
	if err == nil && filepath.Dir(path) == t.root && isKustomization(filepath.Base(path)) {
		data, t.wanted = trackOrigins(data)
	}
	return data, err
}

// trackOrigins switches origin annotations on in a kustomization, and reports whether they were on already.
func trackOrigins(data []byte) (out []byte, already bool) {
	const option = types.OriginAnnotations
	f := source.Parse("", data)
	if len(f.Docs) == 0 || f.Docs[0].Root.Kind() != source.Mapping {
		return data, false
	}
	root := f.Docs[0].Root
	e, ok := root.Entry("buildMetadata")
	options := []string{option}
	for _, n := range e.Value.Resolve().Items() {
		if n.Resolve().Text() == option {
			return data, true
		}
		options = append(options, n.Resolve().Text())
	}
	list := "[" + strings.Join(options, ", ") + "]"
	var at source.Span
	switch span := root.Span(); {
	case ok:
		at = e.Value.Span()
		list = " " + list
		if e.Value.Style() == source.Block {
			list += "\n"
		}
	case root.Style() == source.Flow:
		at = source.Span{Start: span.Start + 1, End: span.Start + 1}
		list = `"buildMetadata": ` + list
		if root.Len() > 0 {
			list += ", "
		}
	default:
		at = source.Span{Start: span.Start, End: span.Start}
		list = "buildMetadata: " + list + "\n" + strings.Repeat(" ", root.Position().Column-1)
	}
	return bytes.Join([][]byte{data[:at.Start], data[at.End:]}, []byte(list)), false
}

var quiet sync.Mutex

// silently runs kustomize without the warnings that it prints to standard error and the standard logger on its own. Its panics
// become errors: one odd kustomization must not take the others with it.
func silently(f func() error) (err error) {
	quiet.Lock()
	defer quiet.Unlock()
	stderr, logger := os.Stderr, log.Writer()
	if null, nerr := os.OpenFile(os.DevNull, os.O_WRONLY, 0); nerr == nil {
		os.Stderr = null
		defer null.Close()
	}
	log.SetOutput(io.Discard)
	defer func() {
		os.Stderr = stderr
		log.SetOutput(logger)
		if p := recover(); p != nil {
			err = fmt.Errorf("kustomize broke down: %v", p)
		}
	}()
	return f()
}

// reason puts an error of kustomize into one line: paths are shown as elsewhere, and what kustomize lists on the way to the cause
// is left out when it says no more than "accumulating resources" or that a file is no folder either.
func reason(err error, l *loader) string {
	text := strings.Join(strings.Fields(strings.ReplaceAll(err.Error(), l.realDir+string(filepath.Separator), "")), " ")
	text = noFolder.ReplaceAllString(text, "")
	for onTheWay.MatchString(text) {
		text = onTheWay.ReplaceAllString(text, "")
	}
	text = strings.TrimRight(text, ". ")
	if strings.Count(text, "'")%2 == 1 {
		text = strings.TrimSuffix(text, "'")
	}
	return text
}

var (
	noFolder = regexp.MustCompile(`'?: must build at directory: '[^']*': file is not directory`)
	onTheWay = regexp.MustCompile(`^(accumulating (resources|components)( from '[^']*')?: |(accumulating resources: )?accumulation err='|accumulating resources from '[^']*': )`)
)

// link gives built objects their origins. It returns the files that hold origins and are no part of the input's own list.
func (k *kustomize) link(byPath map[string]*unit) (files []*source.File) {
	outside := map[string]*unit{}
	used := map[*source.File]bool{}
	for _, b := range k.built {
		for i := range b.trees {
			t := &b.trees[i]
			u := k.origin(b.origins[i], byPath, outside)
			if u == nil {
				continue
			}
			if t.Origin = match(*t, u.trees); t.Origin.IsZero() {
				t.Origin = t.Root
			} else if !used[u.file] {
				used[u.file] = true
				files = append(files, u.file)
			}
		}
	}
	return files
}

// origin returns the file that an object was built from, reading it when it is no part of the input.
func (k *kustomize) origin(file string, byPath, outside map[string]*unit) *unit {
	if file == "" {
		return nil
	}
	if real, err := k.l.disk.EvalSymlinks(file); err == nil {
		file = real
	}
	if u := byPath[file]; u != nil {
		return u
	}
	if u := outside[file]; u != nil {
		return u
	}
	u := k.l.read(context.Background(), entry{real: file, name: k.l.show(file), explicit: true})
	outside[file] = u
	k.stats.add(u)
	return u
}

// match finds the tree that a built object came from: the same kind, and the same name but for a prefix and a suffix.
func match(built Tree, trees []Tree) source.Node {
	name := nameOf(built)
	var best source.Node
	length := -1
	for _, t := range trees {
		if t.Kind != built.Kind {
			continue
		}
		switch n := nameOf(t); {
		case n == name:
			return t.Root
		case strings.Contains(name, n) && len(n) > length:
			best, length = t.Root, len(n)
		}
	}
	if best.IsZero() && len(trees) == 1 {
		return trees[0].Root
	}
	return best
}

func nameOf(t Tree) string { return t.Root.Get("metadata").Resolve().Get("name").Resolve().Text() }
