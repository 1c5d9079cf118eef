package cluster

import (
	"iter"
	"strconv"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Workload is an object that carries a pod template.
type Workload struct {
	*Object
	// Template is the pod template after defaulting; for a Pod, its own metadata and spec. Never nil.
	Template *corev1.PodTemplateSpec
	// SpecPath and MetaPath are the field paths of the pod's spec and metadata: spec.template.spec and spec.template.metadata for
	// most kinds, spec and metadata for a Pod, spec.jobTemplate.spec.template... for a CronJob.
	SpecPath, MetaPath string
	// Replicas is the wanted number of pods after defaulting; nil for kinds without one (DaemonSet, Job, CronJob, Pod) and for
	// custom resources that do not say.
	Replicas *int32
	// Selector is the workload's own pod selector; nil for kinds without one.
	Selector *metav1.LabelSelector
	// Containers are init containers, then containers, in the order of the manifest.
	Containers []Container
}

// Container is one container of a workload with its place.
type Container struct {
	*corev1.Container
	Path string // spec.template.spec.containers[0]
	Init bool   // runs to completion before the others start
	// Sidecar is true for an init container that keeps running (restartPolicy Always).
	Sidecar bool
}

// Labels of the pods.
func (w *Workload) PodLabels() map[string]string { return w.Template.Labels }

// Main yields the containers that run for the life of the pod: not init containers, sidecars included.
func (w *Workload) Main() iter.Seq[*Container] {
	return func(yield func(*Container) bool) {
		for i := range w.Containers {
			if c := &w.Containers[i]; (!c.Init || c.Sidecar) && !yield(c) {
				return
			}
		}
	}
}

// Apps yields the containers of spec.containers.
func (w *Workload) Apps() iter.Seq[*Container] {
	return func(yield func(*Container) bool) {
		for i := range w.Containers {
			if c := &w.Containers[i]; !c.Init && !yield(c) {
				return
			}
		}
	}
}

// LongRunning reports whether the workload's pods are meant to run until they are replaced: not a Job or CronJob.
func (w *Workload) LongRunning() bool {
	return !w.Is("batch", "Job") && !w.Is("batch", "CronJob") && w.Template.Spec.RestartPolicy == corev1.RestartPolicyAlways
}

// Scales reports whether the workload keeps several interchangeable or ordered pods: Deployment, StatefulSet, ReplicaSet, Rollout
// and the like, not a bare Pod, a DaemonSet or a Job.
func (w *Workload) Scales() bool { return w.Replicas != nil }

// newWorkload returns the workload view of o, nil when it carries no pod template.
func newWorkload(o *Object) *Workload {
	w := &Workload{Object: o}
	switch t := o.Typed.(type) {
	case *appsv1.Deployment:
		w.Template, w.Replicas, w.Selector = &t.Spec.Template, t.Spec.Replicas, t.Spec.Selector
	case *appsv1.StatefulSet:
		w.Template, w.Replicas, w.Selector = &t.Spec.Template, t.Spec.Replicas, t.Spec.Selector
	case *appsv1.DaemonSet:
		w.Template, w.Selector = &t.Spec.Template, t.Spec.Selector
	case *appsv1.ReplicaSet:
		w.Template, w.Replicas, w.Selector = &t.Spec.Template, t.Spec.Replicas, t.Spec.Selector
	case *corev1.ReplicationController:
		if t.Spec.Template == nil {
			return nil
		}
		w.Template, w.Replicas, w.Selector = t.Spec.Template, t.Spec.Replicas, &metav1.LabelSelector{MatchLabels: t.Spec.Selector}
	case *batchv1.Job:
		w.Template, w.Selector = &t.Spec.Template, t.Spec.Selector
	case *batchv1.CronJob:
		w.Template = &t.Spec.JobTemplate.Spec.Template
		w.SpecPath, w.MetaPath = "spec.jobTemplate.spec.template.spec", "spec.jobTemplate.spec.template.metadata"
	case *corev1.Pod:
		w.Template = &corev1.PodTemplateSpec{ObjectMeta: t.ObjectMeta, Spec: t.Spec}
		w.SpecPath, w.MetaPath = "spec", "metadata"
	default:
		if o.Pods == nil {
			return nil
		}
		w.Template = o.Pods
		w.SpecPath = o.SpecPath
		w.MetaPath = o.SpecPath[:len(o.SpecPath)-len("spec")] + "metadata"
		w.readCustom()
	}
	if w.SpecPath == "" {
		w.SpecPath, w.MetaPath = "spec.template.spec", "spec.template.metadata"
	}
	s := &w.Template.Spec
	w.Containers = make([]Container, 0, len(s.InitContainers)+len(s.Containers))
	for i := range s.InitContainers {
		c := &s.InitContainers[i]
		w.Containers = append(w.Containers, Container{Container: c, Path: w.SpecPath + ".initContainers[" + strconv.Itoa(i) + "]", Init: true,
			Sidecar: c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways})
	}
	for i := range s.Containers {
		w.Containers = append(w.Containers, Container{Container: &s.Containers[i], Path: w.SpecPath + ".containers[" + strconv.Itoa(i) + "]"})
	}
	return w
}

// readCustom takes replicas and selector of a custom resource from where Deployment-like resources keep them.
func (w *Workload) readCustom() {
	spec := w.Root.Get("spec")
	if n, ok := spec.Get("replicas").Int(); ok {
		r := int32(n)
		w.Replicas = &r
	}
	if m := spec.Get("selector").Get("matchLabels"); !m.IsZero() {
		w.Selector = &metav1.LabelSelector{MatchLabels: map[string]string{}}
		for e := range m.Entries() {
			w.Selector.MatchLabels[e.Key.Text()] = e.Value.Resolve().Text()
		}
	}
}
