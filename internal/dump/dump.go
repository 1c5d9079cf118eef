package dump

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/load"
)

// Dump is what one archive holds.
type Dump struct {
	// Layout is whose archive it is: fairway, cluster-info, must-gather or support-bundle.
	Layout string
	// Input is what every verb looks at, with coverage and records.
	Input *load.Input
	// Server is the address of the API server, Version its version; "" when the archive does not say.
	Server, Version string
	// Namespaces are those that were asked for; nil for all.
	Namespaces []string
	// Events by namespace and then in the API server's order; nil when nobody asked for them.
	Events []corev1.Event
	Logs   []Log
}

// Log is the end of a log of one container.
type Log struct {
	Namespace, Pod, Container string
	Previous                  bool // of the run before the present one
	Text                      []byte
	// State is Listed when Text is what there was, and otherwise says why it is not.
	State  cluster.State
	Detail string
}

// Newest is the latest moment that anything in the dump tells of: the cluster looked like this then or a little later. It is the zero
// time when nothing carries a time.
func (d *Dump) Newest() (t time.Time) {
	see := func(times ...time.Time) {
		for _, x := range times {
			if x.After(t) {
				t = x
			}
		}
	}
	conditions := func(list []cluster.Condition) {
		for _, c := range list {
			see(c.Since)
		}
	}
	if r := d.Input.Records; r != nil {
		for i := range r.Pods {
			p := &r.Pods[i]
			see(p.Created, p.Started)
			conditions(p.Conditions)
			for _, c := range p.Containers {
				see(c.State.Start, c.State.End, c.Last.End)
			}
		}
		for i := range r.ReplicaSets {
			see(r.ReplicaSets[i].Created)
			conditions(r.ReplicaSets[i].Conditions)
		}
		for i := range r.Jobs {
			see(r.Jobs[i].Created, r.Jobs[i].Start, r.Jobs[i].Completion)
		}
		for i := range r.Secrets {
			see(r.Secrets[i].Created)
		}
		for i := range r.Nodes {
			conditions(r.Nodes[i].Conditions)
		}
	}
	for i := range d.Events {
		e := &d.Events[i]
		see(e.LastTimestamp.Time, e.EventTime.Time)
		if e.Series != nil {
			see(e.Series.LastObservedTime.Time)
		}
	}
	return t.UTC()
}

// Manifest is the first file of an archive.
type Manifest struct {
	SchemaVersion int               `json:"schemaVersion"` // 1
	Kind          string            `json:"kind"`          // fairway-dump
	Server        string            `json:"server,omitempty"`
	Version       string            `json:"version,omitempty"` // of Kubernetes
	Namespaces    []string          `json:"namespaces"`        // null: all
	Newest        time.Time         `json:"newest,omitzero"`   // see Dump.Newest
	Events        bool              `json:"events"`            // whether they were asked for
	Partly        bool              `json:"partly"`            // whether kinds may exist that coverage does not name
	Coverage      []cluster.Covered `json:"coverage"`
	Failures      []failure         `json:"failures,omitempty"`
	Logs          []logState        `json:"logs,omitempty"`
}

type failure struct {
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

type logState struct {
	Namespace string        `json:"namespace"`
	Pod       string        `json:"pod"`
	Container string        `json:"container"`
	Previous  bool          `json:"previous,omitempty"`
	State     cluster.State `json:"state"`
	Detail    string        `json:"detail,omitempty"`
	Bytes     int           `json:"bytes"`
}

// The names of the layout.
const (
	folder        = "fairway-dump"
	manifestName  = "manifest.json"
	manifestKind  = "fairway-dump"
	schemaVersion = 1
	noNamespace   = "_cluster" // no name of a namespace begins so
)
