package dump

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/listing"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/source"
)

// foreign reads archives of other tools: files that each hold a list, or one object, of one kind.
type foreign struct {
	*reader
	namespaceOf func(file string) (string, bool) // of a list's file; false when the file is none of those
	rows        map[cluster.Covered]int
	seen        map[string]bool
	broken      map[cluster.Covered]string // rows of objects that could not be read, with why
}

// The layouts, by a file that only they have. Sources: kubectl pkg/cmd/clusterinfo/clusterinfo_dump.go (a folder for each namespace),
// oc pkg/cli/admin/inspect (namespaces/NS/GROUP/RESOURCE.yaml, cluster-scoped-resources/GROUP/RESOURCE/NAME.yaml), troubleshoot
// pkg/collect/cluster_resources.go (cluster-resources/RESOURCE/NS.json, cluster-resources/RESOURCE.json).
var layouts = []struct {
	name        string
	file        *regexp.Regexp
	namespaceOf func(string) (string, bool)
}{
	{"support-bundle", regexp.MustCompile(`(^|/)cluster-resources/[a-z-]+(/[^/]+)?\.(json|yaml)$`), func(file string) (string, bool) {
		_, rest, ok := strings.Cut("/"+file, "/cluster-resources/")
		if !ok || strings.HasPrefix(rest, "pods/logs/") {
			return "", false
		}
		if strings.Contains(rest, "/") && !strings.HasPrefix(rest, "custom-resources/") {
			base := path.Base(rest)
			return strings.TrimSuffix(base, path.Ext(base)), true
		}
		return "", true
	}},
	{"must-gather", regexp.MustCompile(`(^|/)(namespaces/[^/]+/[^/]+/[^/]+|cluster-scoped-resources/[^/]+/.+)\.yaml$`), func(file string) (string, bool) {
		if _, rest, ok := strings.Cut("/"+file, "/namespaces/"); ok {
			ns, rest, ok := strings.Cut(rest, "/")
			return ns, ok && !strings.HasPrefix(rest, "pods/")
		}
		return "", strings.Contains("/"+file, "/cluster-scoped-resources/")
	}},
	{"cluster-info", regexp.MustCompile(`(^|/)(nodes|[^/]+/(pods|services|deployments|replicasets|daemonsets|replication-controllers|events))\.(json|yaml)$`), func(file string) (string, bool) {
		dir, base := path.Split(file)
		if strings.HasPrefix(base, "nodes.") {
			return "", true
		}
		return path.Base(dir), true
	}},
}

func foreignOf(r *reader, name string) layout {
	for _, l := range layouts {
		if l.file.MatchString(name) {
			r.d.Layout, r.d.Input = l.name, &load.Input{}
			r.took = listing.New(listing.Options{Namespaces: r.namespaces})
			return &foreign{reader: r, namespaceOf: l.namespaceOf, rows: map[cluster.Covered]int{}, seen: map[string]bool{}, broken: map[cluster.Covered]string{}}
		}
	}
	return nil
}

func (f *foreign) file(name string, in io.Reader) error {
	namespace, ok := f.namespaceOf(name)
	ext := path.Ext(name)
	if !ok || ext != ".json" && ext != ".yaml" && ext != ".yml" {
		return nil
	}
	data, err := io.ReadAll(in)
	if err != nil {
		if r, ok := errors.AsType[*refusal](err); ok {
			return r
		}
		return err
	}
	lists, err := listsOf(data, ext)
	if err != nil {
		f.fail(name, err)
		return nil
	}
	for _, l := range lists {
		if err := f.list(l, namespace); err != nil {
			if r, ok := errors.AsType[*refusal](err); ok {
				return r
			}
			f.fail(name, err)
		}
	}
	return nil
}

// list is objects of one kind, or one object.
type list struct {
	apiVersion, kind string // of the items, "" when they say it themselves
	isList           bool
	items            []json.RawMessage
}

func (f *foreign) list(l list, namespace string) error {
	group, version := split(l.apiVersion)
	if l.isList && l.kind != "" {
		f.rows[cluster.Covered{Group: group, Version: version, Kind: l.kind, Namespace: namespace, State: cluster.Listed}] += 0
	}
	var odd error
	for _, raw := range l.items {
		if err := f.add(func() error { odd = cmp.Or(odd, f.object(l, raw)); return nil }); err != nil {
			return err
		}
	}
	return odd
}

// object takes one object of a list.
func (f *foreign) object(l list, raw json.RawMessage) error {
	var h struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Metadata   struct {
			Namespace string `json:"namespace"`
			Name      string `json:"name"`
		} `json:"metadata"`
	}
	if len(raw) > listing.MaxObject {
		return fmt.Errorf("an object is larger than %d MiB", listing.MaxObject>>20)
	}
	if err := json.Unmarshal(raw, &h); err != nil {
		return err
	}
	if h.Kind == "" {
		h.APIVersion, h.Kind = l.apiVersion, l.kind
	}
	if h.Kind == "" || h.Metadata.Name == "" {
		return nil // no object: what a tool says of itself
	}
	group, version := split(h.APIVersion)
	id := group + "/" + h.Kind + "/" + h.Metadata.Namespace + "/" + h.Metadata.Name
	if f.seen[id] {
		return nil
	}
	f.seen[id] = true
	row := cluster.Covered{Group: group, Version: version, Kind: h.Kind, Namespace: h.Metadata.Namespace, State: cluster.Listed}
	f.rows[row]++
	if h.Kind == "Event" {
		var e corev1.Event
		if err := json.Unmarshal(raw, &e); err != nil {
			return err
		}
		f.d.Events = append(f.d.Events, e)
		return nil
	}
	err := f.took.Add(h.APIVersion, h.Kind, raw)
	if err != nil {
		f.rows[row]--
		f.broken[row] = err.Error()
	}
	return err
}

func split(apiVersion string) (group, version string) {
	if group, version, ok := strings.Cut(apiVersion, "/"); ok {
		return group, version
	}
	return "", apiVersion
}

func (f *foreign) finish() error {
	var rows []cluster.Covered
	for r, n := range f.rows {
		if why, ok := f.broken[r]; ok {
			r.State, r.Detail = cluster.Failed, why
		}
		r.Objects = n
		rows = append(rows, r)
	}
	slices.SortFunc(rows, cluster.Covered.Compare)
	f.d.Input.Coverage = cluster.NewCoverage(rows, true)
	slices.SortStableFunc(f.d.Events, func(a, b corev1.Event) int { return strings.Compare(a.Namespace, b.Namespace) })
	return nil
}

// listsOf reads the objects of a file: a list, an object, or a JSON array of objects.
func listsOf(data []byte, ext string) ([]list, error) {
	if ext == ".json" {
		switch trimmed := bytes.TrimSpace(data); {
		case len(trimmed) == 0:
			return nil, nil
		case trimmed[0] == '[':
			var l list
			if err := json.Unmarshal(trimmed, &l.items); err != nil {
				return nil, err
			}
			if len(l.items) > 0 && l.items[0][0] != '{' {
				return nil, nil // errors that a tool met, in words
			}
			return []list{l}, nil
		}
		l, err := listOf(data)
		return []list{l}, err
	}
	var out []list
	file := source.Parse("", data)
	for i := range file.Docs {
		doc := &file.Docs[i]
		if doc.Err != nil {
			return out, doc.Err
		}
		if doc.Root.IsZero() {
			continue
		}
		raw, err := doc.Root.AppendJSON(nil)
		if err != nil {
			return out, err
		}
		l, err := listOf(raw)
		if err != nil {
			return out, err
		}
		out = append(out, l)
	}
	return out, nil
}

func listOf(data []byte) (list, error) {
	var h struct {
		APIVersion string            `json:"apiVersion"`
		Kind       string            `json:"kind"`
		Items      []json.RawMessage `json:"items"`
	}
	if err := json.Unmarshal(data, &h); err != nil {
		return list{}, fmt.Errorf("it is no JSON object: %w", err)
	}
	if !strings.HasSuffix(h.Kind, "List") {
		return list{items: []json.RawMessage{data}}, nil
	}
	l := list{apiVersion: h.APIVersion, kind: strings.TrimSuffix(h.Kind, "List"), isList: true, items: h.Items}
	if h.Kind == "List" {
		l.apiVersion = ""
	}
	return l, nil
}
