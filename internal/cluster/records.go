package cluster

import (
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Records are what controllers made of the objects: the pods that run, or do not, and what stands between them and their workloads.
// They are slim, because a cluster has many: what is asked of them is how they fare, and their workload says what they are. Each list
// is in the order of namespaces and names.
type Records struct {
	Pods        []Pod
	ReplicaSets []ReplicaSet
	Jobs        []Job
	Secrets     []Secret
	Nodes       []Node
}

// Meta is what all records have. Labels may be shared between records: nobody may change them.
type Meta struct {
	Namespace, Name, UID string
	Labels               map[string]string `json:",omitempty"`
	// Owner is the controller; the zero Owner when there is none.
	Owner   Owner
	Created time.Time
	// Deleted is when deletion was asked for; zero when it was not. Finalizers are what it waits for.
	Deleted    time.Time `json:",omitzero"`
	Finalizers []string  `json:",omitempty"`
}

// Owner is the controller of an object.
type Owner struct{ APIVersion, Kind, Name, UID string }

// Condition is one condition of an object's status.
type Condition struct {
	Type, Status    string
	Reason, Message string    `json:",omitempty"`
	Since           time.Time `json:",omitzero"` // the last transition
}

// Pod is one pod.
type Pod struct {
	Meta
	Node       string           `json:",omitempty"` // "" when not scheduled
	Scheduler  string           `json:",omitempty"` // the scheduler it asks for
	Gates      []string         `json:",omitempty"` // scheduling gates that are not lifted
	Phase      corev1.PodPhase  `json:",omitempty"`
	Reason     string           `json:",omitempty"` // Evicted, NodeLost, ...
	Message    string           `json:",omitempty"`
	QOS        string           `json:",omitempty"` // BestEffort, Burstable, Guaranteed
	IP         string           `json:",omitempty"`
	HostNet    bool             `json:",omitempty"`
	Nominated  string           `json:",omitempty"` // the node that preemption makes room on
	Started    time.Time        `json:",omitzero"`  // when a kubelet accepted it
	Conditions []Condition      `json:",omitempty"`
	Containers []ContainerState `json:",omitempty"` // init containers, containers, ephemeral ones: in the order of the spec
}

// ContainerState is one container of a pod: what was asked for and what became of it.
type ContainerState struct {
	Name    string
	Type    ContainerType `json:",omitempty"`
	Image   string        // as the pod asks for it
	ImageID string        `json:",omitempty"` // what runs, "" before it was pulled
	// Requests and limits of this pod may differ from its workload's, by a mutation or a resize.
	CPURequestMilli, CPULimitMilli       int64 `json:",omitempty"`
	MemoryRequestBytes, MemoryLimitBytes int64 `json:",omitempty"`

	Ready    bool
	Started  bool  // passed its startup probe, or has none
	Restarts int32 `json:",omitempty"`
	// State is the present one, Last the termination before; zero values when there is none.
	State ContainerPhase
	Last  ContainerPhase `json:",omitzero"`
}

// ContainerType tells containers of a pod apart.
type ContainerType string

// Types of containers. A sidecar is an init container that is restarted always.
const (
	AppContainer       ContainerType = ""
	InitContainer      ContainerType = "init"
	SidecarContainer   ContainerType = "sidecar"
	EphemeralContainer ContainerType = "ephemeral"
)

// ContainerPhase is a state of a container.
type ContainerPhase struct {
	Phase    string    `json:",omitempty"` // waiting, running, terminated; "" when nothing was reported
	Reason   string    `json:",omitempty"` // CrashLoopBackOff, OOMKilled, Completed, ...
	Message  string    `json:",omitempty"`
	ExitCode int32     `json:",omitempty"` // of a terminated one
	Signal   int32     `json:",omitempty"`
	Start    time.Time `json:",omitzero"`
	End      time.Time `json:",omitzero"`
}

// ReplicaSet is one that a controller keeps, usually a revision of a Deployment.
type ReplicaSet struct {
	Meta
	Revision                       int64 `json:",omitempty"` // of its Deployment; 0 when unknown
	Wanted, Current, Ready         int32
	Available                      int32
	Generation, ObservedGeneration int64
	Conditions                     []Condition `json:",omitempty"`
	// Template is the pod template as JSON, without what defaulting adds; "" for all but the two newest revisions of a controller,
	// which show what a rollout changes.
	Template string   `json:",omitempty"`
	Images   []string `json:",omitempty"` // of its containers, in the order of the template
}

// Job is one that a controller keeps, usually a run of a CronJob.
type Job struct {
	Meta
	Suspended                 bool `json:",omitempty"`
	Active, Succeeded, Failed int32
	Start, Completion         time.Time   `json:",omitzero"`
	Conditions                []Condition `json:",omitempty"`
}

// Secret is what may be known of a Secret. Its values never leave the process that read them.
type Secret struct {
	Meta
	Type string
	Keys []SecretKey // in the order of names
}

// SecretKey is one key of a Secret.
type SecretKey struct {
	Name string
	Size int // bytes of the value
	// NotAfter is when the first of the certificates in the value expires; zero when it holds none.
	NotAfter time.Time `json:",omitzero"`
}

// Node is one node.
type Node struct {
	Meta
	Unschedulable bool              `json:",omitempty"`
	Taints        []Taint           `json:",omitempty"`
	Architecture  string            `json:",omitempty"`
	Kubelet       string            `json:",omitempty"` // version
	Runtime       string            `json:",omitempty"` // and its version
	Allocatable   map[string]string `json:",omitempty"` // quantities by resource
	Conditions    []Condition       `json:",omitempty"`
}

// Taint is one taint of a node.
type Taint struct{ Key, Value, Effect string }
