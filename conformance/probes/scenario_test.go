package probes

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/fairway-k8s/fairway/conformance/probes/act"
	"github.com/fairway-k8s/fairway/internal/probesim"
)

const (
	startup   = probesim.Startup
	readiness = probesim.Readiness
	liveness  = probesim.Liveness
)

// A scenario is a pod with one container.
type scenario struct {
	name  string
	claim string // what it shows, in the words of the table in docs/benchmarks.md
	spec  probesim.Spec
	act   act.Act
	until time.Duration // how long it is watched, from the kubelet's first sight of it

	restartKubelet time.Duration // 0, or about how old the container is when the kubelet restarts: oldAge, youngAge
	differs        bool          // 1.34 does something else, which the node's trace must not be
}

// probe makes a probe without delay, period and timeout in seconds.
func probe(period, timeout, failures int) *probesim.Probe {
	return &probesim.Probe{Period: seconds(period), Timeout: seconds(timeout), FailureThreshold: failures}
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// Ages of containers when the kubelet restarts. It has 10 s of grace for those that started before it, some of which it takes to start.
const (
	oldAge   = 16 * time.Second
	youngAge = 2 * time.Second
)

// each is a list of an act in seconds.
func each(n ...int) []time.Duration {
	var list []time.Duration
	for _, s := range n {
		list = append(list, seconds(s))
	}
	return list
}

var scenarios = []scenario{
	{
		name: "slow-boot", claim: "liveness without startup probe kills what still boots, for ever",
		spec:  probesim.Spec{Liveness: probe(3, 1, 3), Readiness: probe(2, 1, 2)},
		act:   act.Act{Boot: each(20)},
		until: 40 * time.Second,
	},
	{
		name: "budget", claim: "a startup probe 4 x 3 s kills after 9 to 12 s, not after 12",
		spec:  probesim.Spec{Startup: probe(3, 1, 4), Liveness: probe(2, 1, 1)},
		act:   act.Act{Boot: each(600)},
		until: 45 * time.Second,
	},
	{
		name: "delay", claim: "initialDelay 4, period 4, failures 1 kills after 3 to 8 s",
		spec:  probesim.Spec{Startup: &probesim.Probe{InitialDelay: 4 * time.Second, Period: 4 * time.Second, FailureThreshold: 1}},
		act:   act.Act{Boot: each(600)},
		until: 30 * time.Second,
	},
	{
		name: "boots", claim: "a boot within the budget, then Ready at the next startup tick (G1)",
		spec:  probesim.Spec{Startup: probe(3, 1, 10), Readiness: probe(2, 1, 3), Liveness: probe(5, 2, 3)},
		act:   act.Act{Boot: each(10)},
		until: 40 * time.Second,
	},
	{
		name: "deadlock", claim: "a deadlock is killed after (f-1)p+t to fp+t, 6 to 10 s, and leaves the Service before (G2)",
		spec:  probesim.Spec{Startup: probe(1, 1, 10), Readiness: probe(2, 1, 2), Liveness: probe(4, 2, 2)},
		act:   act.Act{Boot: each(3), Locks: each(20, 0)},
		until: 50 * time.Second,
	},
	{
		name: "carried-over", claim: "failures counted before an unrelated exit count after it (G3)",
		spec:  probesim.Spec{Liveness: probe(8, 1, 2)},
		act:   act.Act{Boot: each(600), Exits: each(8, 0)},
		until: 35 * time.Second,
	},
	{
		name: "slow-stop", claim: "told to stop it gets the liveness probe's grace, 5 s of the 9 it wants; liveness is on hold, readiness goes on",
		spec:  probesim.Spec{Readiness: probe(1, 1, 1), Liveness: &probesim.Probe{Period: 2 * time.Second, Timeout: time.Second, FailureThreshold: 2, Grace: 5 * time.Second}},
		act:   act.Act{Stop: 9 * time.Second, Says: [3]act.Answer{liveness: act.No}},
		until: 30 * time.Second,
	},
	{
		name: "stall", claim: "a body that stalls behind 503 never fails, with failures 1 (G6)",
		spec:  probesim.Spec{Readiness: probe(5, 1, 1), Liveness: probe(5, 1, 1)},
		act:   act.Act{Says: [3]act.Answer{liveness: act.Stall}},
		until: 30 * time.Second,
	},
	{
		name: "long-timeout", claim: "period 2 and timeout 5: a failure each 5 s (G7)",
		spec:  probesim.Spec{Liveness: probe(2, 5, 3)},
		act:   act.Act{Locks: each(1)},
		until: 45 * time.Second,
	},
	{
		name: "redirect", claim: "302 to another host passes; 401 fails (G8)",
		spec:  probesim.Spec{Readiness: probe(5, 1, 1), Liveness: probe(3, 1, 3)},
		act:   act.Act{Says: [3]act.Answer{readiness: act.Redirect, liveness: act.Deny}},
		until: 35 * time.Second,
	},
	{
		name: "gate-leaks", claim: "after one liveness kill Started is inherited, and liveness kills the booting replacement too (G11)",
		spec:    probesim.Spec{Startup: probe(14, 1, 10), Readiness: probe(3, 1, 2), Liveness: probe(2, 1, 2)},
		act:     act.Act{Boot: each(8), Locks: each(25, 0)},
		until:   80 * time.Second,
		differs: true,
	},
	{
		name: "crash-loop", claim: "an exit by itself: waits of 0, 10, 20, 40 s and up to half as much again (G10)",
		spec:  probesim.Spec{Readiness: probe(1, 1, 1), Liveness: probe(10, 1, 3)},
		act:   act.Act{Exits: each(1)},
		until: 95 * time.Second,
	},
	{
		name: "liveness-loop", claim: "liveness kills: the first restarts are free, then some wait and some do not (G10)",
		spec:  probesim.Spec{Liveness: probe(6, 1, 3)},
		act:   act.Act{Boot: each(600)},
		until: 105 * time.Second,
	},
	{
		name: "tcp", claim: "a locked process still passes over TCP",
		spec:  probesim.Spec{Startup: probe(2, 1, 10), Liveness: probe(2, 1, 2)},
		act:   act.Act{Boot: each(5), Locks: each(15), Over: [3]act.Way{startup: act.TCP, liveness: act.TCP}},
		until: 35 * time.Second,
	},
	{
		name: "exec", claim: "a command that fails, and one that hangs, as HTTP",
		spec:  probesim.Spec{Startup: probe(3, 2, 10), Liveness: probe(5, 2, 2)},
		act:   act.Act{Boot: each(5), Locks: each(20, 0), Over: [3]act.Way{startup: act.Exec, liveness: act.Exec}},
		until: 45 * time.Second,
	},
	{
		name: "kubelet", claim: "the kubelet restarts while an old container boots: Started at once, and liveness kills it (G5)",
		spec:    probesim.Spec{Startup: probe(5, 1, 20), Readiness: probe(4, 1, 3), Liveness: probe(3, 1, 3)},
		act:     act.Act{Boot: each(60)},
		until:   40 * time.Second,
		differs: true, restartKubelet: oldAge,
	},
	{
		name: "kubelet-young", claim: "a container younger than 10 s when the kubelet restarts keeps its budget",
		spec:           probesim.Spec{Startup: probe(5, 1, 20), Readiness: probe(4, 1, 3), Liveness: probe(3, 1, 3)},
		act:            act.Act{Boot: each(60)},
		until:          40 * time.Second,
		restartKubelet: youngAge,
	},
}

// manifest is the scenario's pod. The folder on the node takes the application's record.
func (s *scenario) manifest(dir string) map[string]any {
	type object = map[string]any
	says, err := json.Marshal(s.act)
	if err != nil {
		panic(err)
	}
	container := object{
		"name": "app", "image": image, "imagePullPolicy": "Never", "args": []string{string(says)},
		"volumeMounts": []object{{"name": "state", "mountPath": "/state"}},
	}
	for k, p := range s.spec.Probes() {
		if p == nil {
			continue
		}
		o := object{"initialDelaySeconds": int(p.InitialDelay.Seconds()), "periodSeconds": int(p.Period.Seconds()),
			"timeoutSeconds": max(int(p.Timeout.Seconds()), 1), "failureThreshold": p.FailureThreshold}
		if p.Grace > 0 {
			o["terminationGracePeriodSeconds"] = int(p.Grace.Seconds())
		}
		switch s.act.Over[k] {
		case act.HTTP:
			o["httpGet"] = object{"port": 8080, "path": [...]string{"/health/started", "/health/ready", "/health/live"}[k]}
		case act.TCP:
			o["tcpSocket"] = object{"port": 8081 + k}
		case act.Exec:
			o["exec"] = object{"command": []string{"/program", string(says), fmt.Sprint(k)}}
		}
		container[probesim.Kind(k).String()+"Probe"] = o
	}
	return object{
		"apiVersion": "v1", "kind": "Pod", "metadata": object{"name": s.name},
		"spec": object{
			"containers": []object{container},
			"volumes":    []object{{"name": "state", "hostPath": object{"path": dir}}},
		},
	}
}
