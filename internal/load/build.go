package load

import (
	"bytes"
	"cmp"
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
	"sigs.k8s.io/kustomize/kyaml/openapi"
)

// build is what kustomize made of a kustomization.
type build struct {
	*kustomization
	file  *source.File
	trees []Tree
}

// run builds a kustomization with kustomize, in process; all is what it refers to, itself included. Files outside of the folder may
// be used, as Flux and Argo CD allow, but none outside of the fences. Plugins, functions and Git stay off; what would be fetched was
// found out before.
func (l *loader) run(x *kustomization, all []*kustomization) (*build, error) {
	var f fence
	for _, y := range all {
		f = append(f, y.fence...)
	}
	o := krusty.MakeDefaultOptions()
	o.LoadRestrictions = types.LoadRestrictionsNone
	if l.Helm != "" {
		o.PluginConfig.HelmConfig.Enabled, o.PluginConfig.HelmConfig.Command = true, l.Helm
	}
	var m resmap.ResMap
	err := silently(func() (err error) {
		m, err = krusty.MakeKustomizer(o).Run(newFencedDisk(f, l.MaxFileBytes, l.instead), x.real)
		if !x.at.Get("openapi").IsZero() {
			openapi.ResetOpenAPI() // or the next build would use this one's schema
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for i, r := range m.Resources() {
		if i > 0 {
			text.WriteString("---\n")
		}
		y, err := r.RNode.String() // unlike AsYAML, keeps comments and order
		if err != nil {
			return nil, err
		}
		text.WriteString(y)
	}
	u := &unit{entry: entry{name: x.name + " (kustomize build)", explicit: true}}
	u.file = source.Parse(u.name, text.Bytes())
	u.sort(x.name)
	if len(u.failures) > 0 {
		return nil, fmt.Errorf("the result cannot be read: %s", u.failures[0].Message)
	}
	for i := range u.trees {
		u.trees[i].Built = true
	}
	return &build{kustomization: x, file: u.file, trees: u.trees}, nil
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

// link gives built objects their origins. It returns the files that hold origins.
func (k *kustomize) link(byPath map[string]*unit) (files []*source.File) {
	outside := map[string]*unit{}
	used := map[*source.File]bool{}
	for _, b := range k.built {
		o := origins{named: map[string][]Tree{}}
		o.collect(b.kustomization, "", "", func(file string) []Tree { return k.resource(file, byPath, outside).trees })
		for i := range b.trees {
			t := &b.trees[i]
			if root := o.of(*t); !root.IsZero() {
				t.Origin = root
				if f := root.File(); !used[f] {
					used[f] = true
					files = append(files, f)
				}
			}
		}
	}
	return files
}

// resource returns a file that a build used, reading it when it is no part of the input.
func (k *kustomize) resource(file string, byPath, outside map[string]*unit) *unit {
	u := cmp.Or(byPath[file], outside[file])
	if u == nil {
		u = k.l.read(context.Background(), entry{real: file, name: k.l.show(file), explicit: true})
		outside[file] = u
		k.stats.add(u)
	}
	return u
}

// origins finds the trees that built objects came from, by kind and by the name that each tree has after the prefixes and
// suffixes on its way. kustomize can note origins itself, but then it notes every transformation as well, which takes more time
// than the build.
type origins struct {
	named     map[string][]Tree // by kind/name after the build
	all       []Tree
	generates bool // some kustomization makes ConfigMaps or Secrets that no file holds
}

func (o *origins) collect(x *kustomization, prefix, suffix string, read func(file string) []Tree) {
	prefix += x.at.Get("namePrefix").Resolve().Text()
	suffix = x.at.Get("nameSuffix").Resolve().Text() + suffix
	o.generates = o.generates || x.generates
	for _, file := range x.resources {
		for _, t := range read(file) {
			key := t.Kind + "/" + prefix + nameOf(t) + suffix
			o.named[key] = append(o.named[key], t)
			o.all = append(o.all, t)
		}
	}
	for _, b := range x.bases {
		o.collect(b, prefix, suffix, read)
	}
}

func (o *origins) of(built Tree) source.Node {
	name := nameOf(built)
	found := o.named[built.Kind+"/"+name]
	for _, t := range found {
		if namespaceOf(t) == namespaceOf(built) {
			return t.Root
		}
	}
	if len(found) > 0 {
		return found[0].Root
	}
	if o.generates && (built.Kind == "ConfigMap" || built.Kind == "Secret") {
		return source.Node{}
	}
	var best source.Node // a name that a component or a patch has changed: the longest that is still in it
	length := 0
	for _, t := range o.all {
		if n := nameOf(t); t.Kind == built.Kind && len(n) > length && strings.Contains(name, n) {
			best, length = t.Root, len(n)
		}
	}
	return best
}

func nameOf(t Tree) string { return t.Root.Get("metadata").Resolve().Get("name").Resolve().Text() }

func namespaceOf(t Tree) string {
	return t.Root.Get("metadata").Resolve().Get("namespace").Resolve().Text()
}
