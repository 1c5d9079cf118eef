package dump

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/load"
)

// Write writes the archive. The same dump gives the same bytes.
func (d *Dump) Write(w io.Writer) error {
	z := gzip.NewWriter(w)
	a := &archive{t: tar.NewWriter(z), at: time.Unix(0, 0).UTC()}
	if newest := d.Newest(); !newest.IsZero() {
		a.at = newest.Truncate(time.Second)
	}
	a.json(manifestName, d.manifest())
	a.objects(d.Input.Objects)
	if r := d.Input.Records; r != nil {
		records(a, "pods", r.Pods)
		records(a, "replicasets", r.ReplicaSets)
		records(a, "jobs", r.Jobs)
		records(a, "secrets", r.Secrets)
		records(a, "nodes", r.Nodes)
	}
	a.events(d.Events)
	for i := range d.Logs {
		if l := &d.Logs[i]; l.Text != nil {
			a.file(l.file(), l.Text)
		}
	}
	for _, c := range []io.Closer{a.t, z} {
		if err := c.Close(); a.err == nil {
			a.err = err
		}
	}
	return a.err
}

func (d *Dump) manifest() Manifest {
	m := Manifest{SchemaVersion: schemaVersion, Kind: manifestKind, Server: d.Server, Version: d.Version, Namespaces: d.Namespaces, Newest: d.Newest(), Events: d.Events != nil}
	if c := d.Input.Coverage; c != nil {
		m.Coverage, m.Partly = c.Rows(), c.Partly()
	}
	for _, f := range d.Input.Failures {
		m.Failures = append(m.Failures, failure{f.Message, f.Hint})
	}
	for _, l := range d.Logs {
		m.Logs = append(m.Logs, logState{l.Namespace, l.Pod, l.Container, l.Previous, l.State, l.Detail, len(l.Text)})
	}
	return m
}

func (l *Log) file() string {
	name := "logs/" + part(l.Namespace) + "/" + part(l.Pod) + "/" + part(l.Container)
	if l.Previous {
		name += ".previous"
	}
	return name + ".log"
}

// archive writes files until one cannot be written.
type archive struct {
	t   *tar.Writer
	at  time.Time
	err error
}

func (a *archive) file(name string, data []byte) {
	if a.err != nil {
		return
	}
	h := &tar.Header{Name: folder + "/" + name, Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(data)), ModTime: a.at, Format: tar.FormatPAX}
	if a.err = a.t.WriteHeader(h); a.err == nil {
		_, a.err = a.t.Write(data)
	}
}

func (a *archive) json(name string, v any) {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil && a.err == nil {
		a.err = fmt.Errorf("write %s: %w", name, err)
	}
	a.file(name, append(data, '\n'))
}

// list writes values as a JSON array of one line each, between head and tail.
func (a *archive) list(name, head string, n int, item func(b *bytes.Buffer, i int) error, tail string) {
	var b bytes.Buffer
	b.WriteString(head + "[")
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		if err := item(&b, i); err != nil && a.err == nil {
			a.err = fmt.Errorf("write %s: %w", name, err)
		}
	}
	b.WriteString("\n]" + tail + "\n")
	a.file(name, b.Bytes())
}

// objects writes a file for each kind in each namespace.
func (a *archive) objects(trees []load.Tree) {
	type group struct {
		file  string
		trees []load.Tree
	}
	byFile := map[string]*group{}
	var groups []*group
	for _, t := range trees {
		file := objectFile(t)
		g := byFile[file]
		if g == nil {
			g = &group{file: file}
			byFile[file] = g
			groups = append(groups, g)
		}
		g.trees = append(g.trees, t)
	}
	slices.SortFunc(groups, func(a, b *group) int { return cmp.Compare(a.file, b.file) })
	for _, g := range groups {
		a.list(g.file, `{"apiVersion":"v1","kind":"List","items":`, len(g.trees), func(b *bytes.Buffer, i int) error {
			span := g.trees[i].Root.Span()
			b.Write(g.trees[i].Root.File().Data[span.Start:span.End])
			return nil
		}, "}")
	}
}

func objectFile(t load.Tree) string {
	namespace := t.Root.Get("metadata").Get("namespace").Text()
	group, _, ok := strings.Cut(t.APIVersion, "/")
	if !ok {
		group = ""
	}
	return "objects/" + part(cmp.Or(namespace, noNamespace)) + "/" + objectName(group, t.Kind)
}

// objectName is the last part of objectFile.
func objectName(group, kind string) string {
	name := strings.ToLower(kind)
	if group != "" {
		name += "." + group
	}
	return part(name) + ".json"
}

// part makes a name from a cluster a part of a path, whatever the cluster calls a name: %XX for what is no letter, digit, '.', '-', '_' or
// ':', and for a dot in front. Names that Kubernetes allows stay as they are.
func part(name string) string {
	var b strings.Builder
	for i, c := range []byte(name) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '_', c == ':', c == '.' && i > 0:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

func records[T any](a *archive, name string, list []T) {
	a.list("records/"+name+".json", "", len(list), func(b *bytes.Buffer, i int) error {
		data, err := json.Marshal(&list[i])
		b.Write(data)
		return err
	}, "")
}

func (a *archive) events(events []corev1.Event) {
	for start := 0; start < len(events); {
		end := start
		for end < len(events) && events[end].Namespace == events[start].Namespace {
			end++
		}
		of := events[start:end]
		a.list("events/"+part(cmp.Or(of[0].Namespace, noNamespace))+".json", `{"apiVersion":"v1","kind":"EventList","items":`, len(of), func(b *bytes.Buffer, i int) error {
			data, err := json.Marshal(&of[i])
			b.Write(data)
			return err
		}, "}")
		start = end
	}
}
