// Package openapi knows which fields Kubernetes' own objects have in each supported release. It answers one question: would an
// API server of that release know this field? Types, defaults and validation are package apiserver's, which links one release.
package openapi

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/fairway-k8s/fairway/content/knowledge"
	"github.com/fairway-k8s/fairway/internal/source"
)

// table is openapi/fields.json.gz; see there how entries are written.
type table struct {
	Versions []string                     `json:"versions"`
	Kinds    map[string]string            `json:"kinds"`
	Types    map[string]map[string]string `json:"types"`
}

// load unpacks the table once, in about 3 ms.
var load = sync.OnceValue(func() *table {
	f, err := knowledge.FS.Open("openapi/fields.json.gz")
	if err != nil {
		panic(err)
	}
	r, err := gzip.NewReader(f)
	if err != nil {
		panic(err)
	}
	t := new(table)
	if err := json.NewDecoder(r).Decode(t); err != nil {
		panic(err)
	}
	return t
})

// Versions returns the releases whose fields are known, oldest first: 1.33, 1.34 ...
func Versions() []string { return slices.Clone(load().Versions) }

// Fields are the fields of one release's objects. They never change and are safe for concurrent use.
type Fields struct {
	t     *table
	index int // of the release in t.Versions
}

// FieldsOf returns the fields of a release, named 1.35, v1.35 or 1.35.4.
func FieldsOf(version string) (*Fields, error) {
	t := load()
	parts := strings.SplitN(strings.TrimPrefix(version, "v"), ".", 3)
	if len(parts) >= 2 {
		if i := slices.Index(t.Versions, parts[0]+"."+parts[1]); i >= 0 {
			return &Fields{t, i}, nil
		}
	}
	return nil, fmt.Errorf("the fields of Kubernetes %s are not known, only those of %s", version, strings.Join(t.Versions, ", "))
}

// HasKind reports whether the release serves a kind, such as apps/v1 and Deployment.
func (f *Fields) HasKind(apiVersion, kind string) bool {
	_, ok := f.present(f.t.Kinds[apiVersion+"/"+kind])
	return ok
}

// Has reports whether the release knows a field of a kind, such as spec.template.spec.containers[0].image. Fields below one of
// free form (annotations, an embedded object) are known.
func (f *Fields) Has(apiVersion, kind, path string) bool {
	p, err := source.ParsePath(path)
	return err == nil && f.HasPath(apiVersion, kind, p)
}

// HasPath is Has for a path that was read already.
func (f *Fields) HasPath(apiVersion, kind string, path source.Path) bool {
	typ, ok := f.present(f.t.Kinds[apiVersion+"/"+kind])
	if !ok {
		return false
	}
	for _, s := range path {
		switch {
		case typ == "any":
			return true
		case strings.HasPrefix(typ, "[]"):
			if s.Key != "" && !s.ByKey {
				return false
			}
			typ = typ[2:]
		case strings.HasPrefix(typ, "{}"):
			typ = typ[2:]
		default:
			if typ, ok = f.present(f.t.Types[typ][s.Key]); !ok {
				return false
			}
		}
	}
	return true
}

// Since returns the first known release that has a field of a kind which f lacks; false when f has it or none does.
func (f *Fields) Since(apiVersion, kind, path string) (version string, ok bool) {
	if f.Has(apiVersion, kind, path) {
		return "", false
	}
	for i, v := range f.t.Versions {
		other := Fields{f.t, i}
		if other.Has(apiVersion, kind, path) {
			return v, true
		}
	}
	return "", false
}

// present takes the releases off an entry, and reports whether f's is among them.
func (f *Fields) present(entry string) (string, bool) {
	typ, span, limited := strings.Cut(entry, "@")
	if !limited {
		return typ, entry != ""
	}
	since, until, ends := strings.Cut(span, "-")
	if f.index < slices.Index(f.t.Versions, since) || ends && f.index > slices.Index(f.t.Versions, until) {
		return "", false
	}
	return typ, true
}
