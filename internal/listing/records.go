package listing

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/source"
)

// The types below hold what is read of an object's JSON; the rest is passed over without being kept.

type meta struct {
	Name        string            `json:"name"`
	Namespace   string            `json:"namespace"`
	UID         string            `json:"uid"`
	Labels      map[string]string `json:"labels"`
	Annotations map[string]string `json:"annotations"`
	Owners      []struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
		Name       string `json:"name"`
		UID        string `json:"uid"`
		Controller bool   `json:"controller"`
	} `json:"ownerReferences"`
	Created    time.Time `json:"creationTimestamp"`
	Deleted    time.Time `json:"deletionTimestamp"`
	Finalizers []string  `json:"finalizers"`
	Generation int64     `json:"generation"`
}

// owner returns the controller, the zero Owner when there is none.
func (m *meta) owner() cluster.Owner {
	for _, o := range m.Owners {
		if o.Controller {
			return cluster.Owner{APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name, UID: o.UID}
		}
	}
	return cluster.Owner{}
}

type condition struct {
	Type               string    `json:"type"`
	Status             string    `json:"status"`
	Reason             string    `json:"reason"`
	Message            string    `json:"message"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

// names keeps one copy of each text that many records have: nodes, owners, labels.
type names struct {
	texts map[string]string
}

func (n *names) one(s string) string {
	if s == "" {
		return ""
	}
	if t, ok := n.texts[s]; ok {
		return t
	}
	n.texts[s] = s
	return s
}

func (n *names) meta(m *meta) cluster.Meta {
	out := cluster.Meta{Namespace: n.one(m.Namespace), Name: m.Name, UID: m.UID, Created: m.Created.UTC(), Deleted: m.Deleted.UTC(), Finalizers: m.Finalizers}
	if o := m.owner(); o.Kind != "" {
		out.Owner = cluster.Owner{APIVersion: n.one(o.APIVersion), Kind: n.one(o.Kind), Name: n.one(o.Name), UID: n.one(o.UID)}
	}
	if len(m.Labels) > 0 {
		out.Labels = make(map[string]string, len(m.Labels))
		for k, v := range m.Labels {
			out.Labels[n.one(k)] = n.one(v)
		}
	}
	return out
}

func (n *names) conditions(list []condition) []cluster.Condition {
	var out []cluster.Condition
	for _, c := range list {
		out = append(out, cluster.Condition{Type: n.one(c.Type), Status: n.one(c.Status), Reason: n.one(c.Reason), Message: n.one(c.Message), Since: c.LastTransitionTime.UTC()})
	}
	return out
}

type container struct {
	Name          string `json:"name"`
	Image         string `json:"image"`
	RestartPolicy string `json:"restartPolicy"`
	Resources     struct {
		Requests map[string]string `json:"requests"`
		Limits   map[string]string `json:"limits"`
	} `json:"resources"`
}

type containerStatus struct {
	Name         string         `json:"name"`
	ImageID      string         `json:"imageID"`
	Ready        bool           `json:"ready"`
	Started      *bool          `json:"started"`
	RestartCount int32          `json:"restartCount"`
	State        containerState `json:"state"`
	LastState    containerState `json:"lastState"`
}

type containerState struct {
	Waiting *struct {
		Reason  string `json:"reason"`
		Message string `json:"message"`
	} `json:"waiting"`
	Running *struct {
		StartedAt time.Time `json:"startedAt"`
	} `json:"running"`
	Terminated *struct {
		ExitCode   int32     `json:"exitCode"`
		Signal     int32     `json:"signal"`
		Reason     string    `json:"reason"`
		Message    string    `json:"message"`
		StartedAt  time.Time `json:"startedAt"`
		FinishedAt time.Time `json:"finishedAt"`
	} `json:"terminated"`
}

func (n *names) state(s *containerState) cluster.ContainerPhase {
	switch {
	case s.Waiting != nil:
		return cluster.ContainerPhase{Phase: "waiting", Reason: n.one(s.Waiting.Reason), Message: n.one(s.Waiting.Message)}
	case s.Running != nil:
		return cluster.ContainerPhase{Phase: "running", Start: s.Running.StartedAt.UTC()}
	case s.Terminated != nil:
		t := s.Terminated
		return cluster.ContainerPhase{Phase: "terminated", Reason: n.one(t.Reason), Message: n.one(t.Message), ExitCode: t.ExitCode, Signal: t.Signal,
			Start: t.StartedAt.UTC(), End: t.FinishedAt.UTC()}
	}
	return cluster.ContainerPhase{}
}

type pod struct {
	Metadata meta `json:"metadata"`
	Spec     struct {
		NodeName        string `json:"nodeName"`
		SchedulerName   string `json:"schedulerName"`
		HostNetwork     bool   `json:"hostNetwork"`
		SchedulingGates []struct {
			Name string `json:"name"`
		} `json:"schedulingGates"`
		InitContainers      []container `json:"initContainers"`
		Containers          []container `json:"containers"`
		EphemeralContainers []container `json:"ephemeralContainers"`
	} `json:"spec"`
	Status struct {
		Phase             corev1.PodPhase   `json:"phase"`
		Reason            string            `json:"reason"`
		Message           string            `json:"message"`
		QOSClass          string            `json:"qosClass"`
		PodIP             string            `json:"podIP"`
		NominatedNodeName string            `json:"nominatedNodeName"`
		StartTime         time.Time         `json:"startTime"`
		Conditions        []condition       `json:"conditions"`
		Init              []containerStatus `json:"initContainerStatuses"`
		Containers        []containerStatus `json:"containerStatuses"`
		Ephemeral         []containerStatus `json:"ephemeralContainerStatuses"`
	} `json:"status"`
}

func (n *names) pod(raw []byte) (cluster.Pod, error) {
	var p pod
	if err := json.Unmarshal(raw, &p); err != nil {
		return cluster.Pod{}, err
	}
	s := &p.Status
	out := cluster.Pod{Meta: n.meta(&p.Metadata), Node: n.one(p.Spec.NodeName), Scheduler: n.one(p.Spec.SchedulerName), Phase: corev1.PodPhase(n.one(string(s.Phase))),
		Reason: n.one(s.Reason), Message: n.one(s.Message), QOS: n.one(s.QOSClass), IP: s.PodIP, HostNet: p.Spec.HostNetwork,
		Nominated: n.one(s.NominatedNodeName), Started: s.StartTime.UTC(), Conditions: n.conditions(s.Conditions)}
	for _, g := range p.Spec.SchedulingGates {
		out.Gates = append(out.Gates, n.one(g.Name))
	}
	out.Containers = make([]cluster.ContainerState, 0, len(p.Spec.InitContainers)+len(p.Spec.Containers)+len(p.Spec.EphemeralContainers))
	add := func(specs []container, states []containerStatus, kind cluster.ContainerType) {
		for i := range specs {
			c := &specs[i]
			x := cluster.ContainerState{Name: n.one(c.Name), Image: n.one(c.Image), Type: kind}
			if kind == cluster.InitContainer && c.RestartPolicy == "Always" {
				x.Type = cluster.SidecarContainer
			}
			x.CPURequestMilli, x.CPULimitMilli = milli(c.Resources.Requests["cpu"]), milli(c.Resources.Limits["cpu"])
			x.MemoryRequestBytes, x.MemoryLimitBytes = whole(c.Resources.Requests["memory"]), whole(c.Resources.Limits["memory"])
			if k := slices.IndexFunc(states, func(s containerStatus) bool { return s.Name == c.Name }); k >= 0 {
				st := &states[k]
				x.ImageID, x.Ready, x.Restarts = n.one(st.ImageID), st.Ready, st.RestartCount
				x.Started = st.Started != nil && *st.Started
				x.State, x.Last = n.state(&st.State), n.state(&st.LastState)
			}
			out.Containers = append(out.Containers, x)
		}
	}
	add(p.Spec.InitContainers, s.Init, cluster.InitContainer)
	add(p.Spec.Containers, s.Containers, cluster.AppContainer)
	add(p.Spec.EphemeralContainers, s.Ephemeral, cluster.EphemeralContainer)
	return out, nil
}

// milli and whole read a quantity that the API server wrote; 0 for "".
func milli(s string) int64 {
	q, err := resource.ParseQuantity(cmp.Or(s, "0"))
	if err != nil {
		return 0
	}
	return q.MilliValue()
}

func whole(s string) int64 {
	q, err := resource.ParseQuantity(cmp.Or(s, "0"))
	if err != nil {
		return 0
	}
	return q.Value()
}

func (n *names) replicaSet(raw []byte) (cluster.ReplicaSet, error) {
	var r struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Replicas int32 `json:"replicas"`
			Template struct {
				Spec struct {
					Containers []container `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
		Status struct {
			Replicas           int32       `json:"replicas"`
			ReadyReplicas      int32       `json:"readyReplicas"`
			AvailableReplicas  int32       `json:"availableReplicas"`
			ObservedGeneration int64       `json:"observedGeneration"`
			Conditions         []condition `json:"conditions"`
		} `json:"status"`
	}
	if err := json.Unmarshal(raw, &r); err != nil {
		return cluster.ReplicaSet{}, fmt.Errorf("read a ReplicaSet: %w", err)
	}
	out := cluster.ReplicaSet{Meta: n.meta(&r.Metadata), Wanted: r.Spec.Replicas, Current: r.Status.Replicas, Ready: r.Status.ReadyReplicas,
		Available: r.Status.AvailableReplicas, Generation: r.Metadata.Generation, ObservedGeneration: r.Status.ObservedGeneration,
		Conditions: n.conditions(r.Status.Conditions)}
	out.Revision, _ = strconv.ParseInt(r.Metadata.Annotations["deployment.kubernetes.io/revision"], 10, 64)
	for _, c := range r.Spec.Template.Spec.Containers {
		out.Images = append(out.Images, n.one(c.Image))
	}
	if doc := source.Parse("", readable(raw)).Docs[0]; doc.Err == nil {
		w := writer{kind: "ReplicaSet"}
		w.mapping(doc.Root.Get("spec").Get("template"), "template", nil)
		out.Template = string(w.b)
	}
	return out, nil
}

func (n *names) job(raw []byte) (cluster.Job, error) {
	var j struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Suspend bool `json:"suspend"`
		} `json:"spec"`
		Status struct {
			Active         int32       `json:"active"`
			Succeeded      int32       `json:"succeeded"`
			Failed         int32       `json:"failed"`
			StartTime      time.Time   `json:"startTime"`
			CompletionTime time.Time   `json:"completionTime"`
			Conditions     []condition `json:"conditions"`
		} `json:"status"`
	}
	if err := json.Unmarshal(raw, &j); err != nil {
		return cluster.Job{}, fmt.Errorf("read a Job: %w", err)
	}
	s := &j.Status
	return cluster.Job{Meta: n.meta(&j.Metadata), Suspended: j.Spec.Suspend, Active: s.Active, Succeeded: s.Succeeded, Failed: s.Failed,
		Start: s.StartTime.UTC(), Completion: s.CompletionTime.UTC(), Conditions: n.conditions(s.Conditions)}, nil
}

func (n *names) node(raw []byte) (cluster.Node, error) {
	var x struct {
		Metadata meta `json:"metadata"`
		Spec     struct {
			Unschedulable bool `json:"unschedulable"`
			Taints        []struct {
				Key    string `json:"key"`
				Value  string `json:"value"`
				Effect string `json:"effect"`
			} `json:"taints"`
		} `json:"spec"`
		Status struct {
			Allocatable map[string]string `json:"allocatable"`
			Conditions  []condition       `json:"conditions"`
			NodeInfo    struct {
				Architecture            string `json:"architecture"`
				KubeletVersion          string `json:"kubeletVersion"`
				ContainerRuntimeVersion string `json:"containerRuntimeVersion"`
			} `json:"nodeInfo"`
		} `json:"status"`
	}
	if err := json.Unmarshal(raw, &x); err != nil {
		return cluster.Node{}, fmt.Errorf("read a Node: %w", err)
	}
	info := &x.Status.NodeInfo
	out := cluster.Node{Meta: n.meta(&x.Metadata), Unschedulable: x.Spec.Unschedulable, Architecture: info.Architecture, Kubelet: info.KubeletVersion,
		Runtime: info.ContainerRuntimeVersion, Allocatable: x.Status.Allocatable, Conditions: n.conditions(x.Status.Conditions)}
	for _, t := range x.Spec.Taints {
		out.Taints = append(out.Taints, cluster.Taint{Key: t.Key, Value: t.Value, Effect: t.Effect})
	}
	return out, nil
}

// secret reads what may be known of a Secret.
func (n *names) secret(raw []byte) (cluster.Secret, error) {
	var x struct {
		Metadata meta              `json:"metadata"`
		Type     string            `json:"type"`
		Data     map[string][]byte `json:"data"`
	}
	if err := json.Unmarshal(raw, &x); err != nil {
		return cluster.Secret{}, fmt.Errorf("read Secret %s: its JSON is not that of a Secret", x.Metadata.Name) // the error might quote a value
	}
	out := cluster.Secret{Meta: n.meta(&x.Metadata), Type: n.one(x.Type)}
	for _, k := range slices.Sorted(maps.Keys(x.Data)) {
		out.Keys = append(out.Keys, cluster.SecretKey{Name: n.one(k), Size: len(x.Data[k]), NotAfter: notAfter(x.Data[k])})
	}
	return out, nil
}

// notAfter returns when the first of the certificates in a PEM text expires; the zero time when there is none.
func notAfter(value []byte) (first time.Time) {
	for bytes.Contains(value, []byte("-----BEGIN CERTIFICATE-----")) {
		block, rest := pem.Decode(value)
		if block == nil {
			break
		}
		value = rest
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && (first.IsZero() || c.NotAfter.Before(first)) {
			first = c.NotAfter.UTC()
		}
	}
	return first
}
