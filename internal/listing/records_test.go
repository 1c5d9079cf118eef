package listing

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

func at(minute int) time.Time { return time.Date(2026, 11, 1, 8, minute, 0, 0, time.UTC) }

func TestPod(t *testing.T) {
	c := New(Options{})
	err := c.Add("v1", "Pod", []byte(`{"metadata":{"name":"web-1","namespace":"shop","uid":"p1","labels":{"app":"web"},"creationTimestamp":"2026-11-01T08:00:00Z",
"ownerReferences":[{"apiVersion":"example.com/v1","kind":"Other","name":"x","uid":"o"},{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"r1","controller":true}]},
"spec":{"nodeName":"n1","schedulerName":"default-scheduler","initContainers":[{"name":"wait","image":"w:1"},{"name":"mesh","image":"m:1","restartPolicy":"Always"}],
"containers":[{"name":"web","image":"web:1","resources":{"requests":{"cpu":"250m","memory":"128Mi"},"limits":{"memory":"1Gi"}}}]},
"status":{"phase":"Running","qosClass":"Burstable","podIP":"10.0.0.1","startTime":"2026-11-01T08:01:00Z",
"conditions":[{"type":"Ready","status":"False","reason":"ContainersNotReady","message":"containers with unready status: [web]","lastTransitionTime":"2026-11-01T08:02:00Z"}],
"initContainerStatuses":[{"name":"wait","ready":true,"restartCount":0,"state":{"terminated":{"exitCode":0,"reason":"Completed","startedAt":"2026-11-01T08:01:00Z","finishedAt":"2026-11-01T08:02:00Z"}}}],
"containerStatuses":[{"name":"web","imageID":"web@sha256:1","ready":false,"started":false,"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff","message":"back-off"}},
"lastState":{"terminated":{"exitCode":137,"signal":9,"reason":"OOMKilled","startedAt":"2026-11-01T08:03:00Z","finishedAt":"2026-11-01T08:04:00Z"}}}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := cluster.Pod{
		Meta: cluster.Meta{Namespace: "shop", Name: "web-1", UID: "p1", Labels: map[string]string{"app": "web"}, Created: at(0), Owner: cluster.Owner{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "web", UID: "r1"}},
		Node: "n1", Scheduler: "default-scheduler", Phase: "Running", QOS: "Burstable", IP: "10.0.0.1", Started: at(1),
		Conditions: []cluster.Condition{{Type: "Ready", Status: "False", Reason: "ContainersNotReady", Message: "containers with unready status: [web]", Since: at(2)}},
		Containers: []cluster.ContainerState{
			{Name: "wait", Type: cluster.InitContainer, Image: "w:1", Ready: true, State: cluster.ContainerPhase{Phase: "terminated", Reason: "Completed", Start: at(1), End: at(2)}},
			{Name: "mesh", Type: cluster.SidecarContainer, Image: "m:1"},
			{Name: "web", Image: "web:1", ImageID: "web@sha256:1", CPURequestMilli: 250, MemoryRequestBytes: 128 << 20, MemoryLimitBytes: 1 << 30, Restarts: 3,
				State: cluster.ContainerPhase{Phase: "waiting", Reason: "CrashLoopBackOff", Message: "back-off"},
				Last:  cluster.ContainerPhase{Phase: "terminated", Reason: "OOMKilled", ExitCode: 137, Signal: 9, Start: at(3), End: at(4)}},
		},
	}
	if d := cmp.Diff([]cluster.Pod{want}, c.Records.Pods); d != "" {
		t.Errorf("-want +got\n%s", d)
	}
	if len(c.Trees) != 0 {
		t.Error("a pod that a ReplicaSet keeps is a record only")
	}
}

// Which objects are checked, which are there for others to look at, and which are records only.
func TestWhatBecomesOf(t *testing.T) {
	owned := func(apiVersion, kind string) string {
		return `"ownerReferences":[{"apiVersion":"` + apiVersion + `","kind":"` + kind + `","name":"o","uid":"u","controller":true}]`
	}
	for _, x := range []struct{ name, raw, want string }{
		{"a pod of nobody", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop"},"spec":{}}`, "checked record"},
		{"a pod of a StatefulSet", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop",` + owned("apps/v1", "StatefulSet") + `}}`, "record"},
		{"a pod of a kubelet", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop",` + owned("v1", "Node") + `}}`, "record"},
		{"a pod of an operator", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"shop",` + owned("core.strimzi.io/v1", "StrimziPodSet") + `}}`, "context record"},
		{"a ReplicaSet of nobody", `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"a","namespace":"shop"}}`, "checked"},
		{"a ReplicaSet of a Deployment", `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"a","namespace":"shop",` + owned("apps/v1", "Deployment") + `}}`, "record"},
		{"a Job of a CronJob", `{"apiVersion":"batch/v1","kind":"Job","metadata":{"name":"a","namespace":"shop",` + owned("batch/v1", "CronJob") + `}}`, "record"},
		{"an EndpointSlice of a Service", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"a","namespace":"shop",` + owned("v1", "Service") + `}}`, ""},
		{"an EndpointSlice of nobody", `{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"a","namespace":"shop"}}`, "checked"},
		{"an object elsewhere", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"other"}}`, "context"},
		{"the namespace", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"shop"}}`, "checked"},
		{"another namespace", `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"other"}}`, "context"},
		{"a cluster role", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"a"}}`, "context"},
		{"the certificate of every namespace", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"kube-root-ca.crt","namespace":"shop"}}`, "context"},
		{"a node", `{"apiVersion":"v1","kind":"Node","metadata":{"name":"a"}}`, "record"},
	} {
		t.Run(x.name, func(t *testing.T) {
			c := New(Options{Namespaces: []string{"shop"}})
			if err := c.Add("", "", []byte(x.raw)); err != nil {
				t.Fatal(err)
			}
			got := ""
			if len(c.Trees) > 0 {
				got = "checked"
				if c.Trees[0].Context {
					got = "context"
				}
			}
			if r := &c.Records; len(r.Pods)+len(r.ReplicaSets)+len(r.Jobs)+len(r.Nodes) > 0 {
				if got != "" {
					got += " "
				}
				got += "record"
			}
			if got != x.want {
				t.Errorf("it is %q, want %q", got, x.want)
			}
		})
	}
}
