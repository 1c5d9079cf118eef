package dump

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/listing"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/problem"
)

// Read reads an archive or the folder that one was unpacked into. namespaces are those that are to be checked, of others everything
// is context; nil means those that the archive was made of. The error is a *problem.Problem: of exit code 2 for an archive or a
// namespace that is not there, 3 for what cannot be read. Parts of the archive that cannot be read are among the Input's failures.
func Read(name string, namespaces []string) (*Dump, error) {
	return read(name, namespaces, func(visit func(string, io.Reader) error) error { return walk(name, visit) })
}

// ReadFrom is Read for an archive, a .tar or .tar.gz, that comes in from elsewhere; name is what errors call it.
func ReadFrom(in io.Reader, name string, namespaces []string) (*Dump, error) {
	return read(name, namespaces, func(visit func(string, io.Reader) error) error { return walkTar(in, visit) })
}

func read(name string, namespaces []string, walk func(visit func(string, io.Reader) error) error) (*Dump, error) {
	r := &reader{d: &Dump{}, namespaces: namespaces}
	err := walk(r.visit)
	if err == nil && r.layout == nil {
		err = errors.New("it has none of the files of a dump")
	}
	if err == nil {
		err = r.finish()
	}
	if err != nil {
		return nil, unreadable(name, err)
	}
	return r.d, nil
}

// layout is how one kind of archive is read, file by file.
type layout interface {
	// file takes one file. Its errors end the reading; what is wrong with one object or file goes to fail.
	file(name string, in io.Reader) error
	finish() error
}

type reader struct {
	d          *Dump
	namespaces []string
	layout     layout // nil until a file says whose archive it is
	took       *listing.Collector
	failures   []finding.Failure
	before     string // the first file that was no manifest
	objects    int    // objects, records and events
}

// visit finds out whose archive it is by the first file that says so.
func (r *reader) visit(name string, in io.Reader) error {
	base, root := path.Base(name), path.Dir(name)
	if _, ok := r.layout.(*own); !ok && base == manifestName && !strings.Contains(root, "/") {
		own, err := newOwn(r, root, in)
		switch {
		case err != nil:
			return err
		case own != nil && r.before != "":
			return &problem.Problem{What: "the manifest of the dump is not its first file", Why: "it comes after " + r.before + ", which cannot be read without it",
				Exit: problem.ExitIncomplete, Next: "unpack the archive and name the folder, in which the order does not matter"}
		case own != nil:
			r.layout = own
			return nil
		}
	}
	if r.layout == nil {
		if f := foreignOf(r, name); f != nil {
			r.layout = f
		}
	}
	if r.before == "" {
		r.before = name
	}
	if r.layout == nil {
		return nil
	}
	return r.layout.file(name, in)
}

// add takes an object, of which there is no end in archives that mean harm: a few bytes become a thousand.
func (r *reader) add(take func() error) error {
	if r.objects++; r.objects > maxObjects {
		return &refusal{"", fmt.Sprintf("it holds more than %d objects", maxObjects)}
	}
	return take()
}

// recordsOf reads a list of records, or says what is wrong with it.
func recordsOf[T any](r *reader, in io.Reader) (list []T, err error) {
	dec := json.NewDecoder(in)
	t, err := dec.Token()
	if err != nil || t == nil { // null: none
		return nil, err
	}
	if t != json.Delim('[') {
		return nil, fmt.Errorf("it begins with %v, not with a list", t)
	}
	for dec.More() {
		var x T
		if err := r.add(func() error { return dec.Decode(&x) }); err != nil {
			return list, err
		}
		list = append(list, x)
	}
	_, err = dec.Token()
	return list, err
}

func (r *reader) fail(name string, err error) {
	r.failures = append(r.failures, finding.Failure{Place: finding.Place{File: name}, Message: err.Error(), Hint: "the rest of the archive was read"})
}

// finish puts together what was read.
func (r *reader) finish() error {
	if err := r.layout.finish(); err != nil {
		return err
	}
	all := listing.Join(r.took)
	in := r.d.Input
	in.Objects, in.Records = all.Trees, &all.Records
	in.Failures = append(in.Failures, r.failures...)
	for _, t := range in.Objects {
		in.Files = append(in.Files, t.Root.File())
	}
	n := len(all.Trees)
	in.Stats.Documents, in.Stats.Loaded = n, n
	for _, ns := range r.namespaces {
		if !r.knows(ns) {
			p := &problem.Problem{What: fmt.Sprintf("namespace %q is not in the archive", ns), Next: "leave --namespace out to see all that is there"}
			if len(r.d.Namespaces) > 0 {
				p.Why = "it was made of " + strings.Join(r.d.Namespaces, ", ")
			}
			return p
		}
	}
	return nil
}

// knows reports whether anything of a namespace is in the archive. An archive of some namespaces has the Namespace objects of all, and
// nothing to say of the others.
func (r *reader) knows(namespace string) bool {
	if slices.Contains(r.d.Namespaces, namespace) {
		return true
	}
	return slices.ContainsFunc(r.d.Input.Objects, func(t load.Tree) bool {
		meta := t.Root.Get("metadata")
		return meta.Get("namespace").Text() == namespace || r.d.Namespaces == nil && t.Kind == "Namespace" && meta.Get("name").Text() == namespace
	}) || slices.ContainsFunc(r.d.Input.Coverage.Rows(), func(c cluster.Covered) bool { return c.Namespace == namespace })
}

// own reads archives of Fairway's own.
type own struct {
	*reader
	root string
	logs map[string]*Log
	bad  map[string]string // files of objects that were not read to the end, with why
}

// newOwn reads a manifest; it returns nil for one that is somebody else's.
func newOwn(r *reader, root string, in io.Reader) (*own, error) {
	data, err := io.ReadAll(io.LimitReader(in, manifestMax))
	if err != nil {
		return nil, err
	}
	var m Manifest
	if err := json.Unmarshal(data, &m); err != nil && (root == folder || m.Kind == manifestKind) {
		return nil, fmt.Errorf("read %s: %w", manifestName, err)
	} else if err != nil || m.Kind != manifestKind {
		return nil, nil
	}
	if m.SchemaVersion != schemaVersion {
		return nil, &problem.Problem{What: fmt.Sprintf("the dump has layout version %d", m.SchemaVersion), Why: fmt.Sprintf("this program reads version %d", schemaVersion),
			Exit: problem.ExitIncomplete, Next: "read it with the version of fairway that made it, or a later one"}
	}
	d := r.d
	d.Layout, d.Server, d.Version, d.Namespaces = "fairway", m.Server, m.Version, m.Namespaces
	d.Input = &load.Input{}
	d.Input.Coverage = cluster.NewCoverage(m.Coverage, m.Partly)
	for _, f := range m.Failures {
		d.Input.Failures = append(d.Input.Failures, finding.Failure{Message: f.Message, Hint: f.Hint})
	}
	if m.Events {
		d.Events = []corev1.Event{}
	}
	o := &own{reader: r, root: root, logs: map[string]*Log{}, bad: map[string]string{}}
	for _, l := range m.Logs {
		log := &Log{Namespace: l.Namespace, Pod: l.Pod, Container: l.Container, Previous: l.Previous, State: l.State, Detail: l.Detail}
		o.logs[log.file()] = log
		d.Logs = append(d.Logs, *log)
	}
	wanted := m.Namespaces
	if r.namespaces != nil {
		wanted = r.namespaces
	}
	r.took = listing.New(listing.Options{Namespaces: wanted})
	return o, nil
}

func (o *own) file(name string, in io.Reader) error {
	name = strings.TrimPrefix(name, o.root+"/")
	var err error
	r := &o.took.Records
	switch dir, base := path.Split(name); {
	case strings.HasPrefix(dir, "objects/"):
		err = o.each(in, func(raw json.RawMessage) error { return o.took.AddWritten(slices.Clone(raw)) })
	case name == "records/pods.json":
		r.Pods, err = recordsOf[cluster.Pod](o.reader, in)
	case name == "records/replicasets.json":
		r.ReplicaSets, err = recordsOf[cluster.ReplicaSet](o.reader, in)
	case name == "records/jobs.json":
		r.Jobs, err = recordsOf[cluster.Job](o.reader, in)
	case name == "records/secrets.json":
		r.Secrets, err = recordsOf[cluster.Secret](o.reader, in)
	case name == "records/nodes.json":
		r.Nodes, err = recordsOf[cluster.Node](o.reader, in)
	case dir == "events/" && strings.HasSuffix(base, ".json"):
		err = o.each(in, func(raw json.RawMessage) error {
			var e corev1.Event
			if err := json.Unmarshal(raw, &e); err != nil {
				return err
			}
			o.d.Events = append(o.d.Events, e)
			return nil
		})
	case o.logs[name] != nil:
		o.logs[name].Text, err = io.ReadAll(in)
	}
	if r, ok := errors.AsType[*refusal](err); ok {
		return r
	}
	if err != nil {
		o.fail(name, err)
		o.bad[name] = err.Error()
	}
	return nil
}

// each calls take for the items of a list, and fails with the first of those that cannot be taken when all were.
func (o *own) each(in io.Reader, take func(json.RawMessage) error) error {
	var odd error
	_, err := listing.Read(in, func(raw json.RawMessage) error {
		return o.add(func() error { odd = cmp.Or(odd, take(raw)); return nil })
	})
	return cmp.Or(err, odd)
}

// partly are kinds of which a dump has records instead of objects, or nothing.
var partly = []string{"/Pod", "/Node", "/Event", "apps/ReplicaSet", "batch/Job", "discovery.k8s.io/EndpointSlice"}

// holds counts the objects of each row that a coverage may have.
func (o *own) holds() map[cluster.Covered]int {
	n := map[cluster.Covered]int{}
	for _, t := range o.took.Trees {
		row := cluster.Covered{Kind: t.Kind}
		if group, _, ok := strings.Cut(t.APIVersion, "/"); ok {
			row.Group = group
		}
		n[row]++
		if row.Namespace = t.Root.Get("metadata").Get("namespace").Text(); row.Namespace != "" {
			n[row]++
		}
	}
	return n
}

func (o *own) finish() error {
	// Of what could not be read nobody knows what is not there.
	rows := slices.Clone(o.d.Input.Coverage.Rows())
	for i := range rows {
		r := &rows[i]
		for name, why := range o.bad {
			if dir, base := path.Split(name); r.State == cluster.Listed && base == objectName(r.Group, r.Kind) &&
				(r.Namespace == "" || dir == "objects/"+part(r.Namespace)+"/") {
				r.State, r.Detail = cluster.Failed, why
			}
		}
	}
	holds := o.holds()
	for i := range rows {
		r := &rows[i]
		if has := holds[cluster.Covered{Group: r.Group, Kind: r.Kind, Namespace: r.Namespace}]; r.State == cluster.Listed && !slices.Contains(partly, r.Group+"/"+r.Kind) && has < r.Objects {
			r.State, r.Detail = cluster.Failed, fmt.Sprintf("the archive holds %d of %d", has, r.Objects)
			o.fail(objectName(r.Group, r.Kind), fmt.Errorf("%s: %s", r.Kind, r.Detail))
		}
	}
	o.d.Input.Coverage = cluster.NewCoverage(rows, o.d.Input.Coverage.Partly())
	for i := range o.d.Logs {
		o.d.Logs[i].Text = o.logs[o.d.Logs[i].file()].Text
	}
	return nil
}
