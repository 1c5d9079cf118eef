package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// live fills a real control plane with workloads and pods and measures what asks for all of them. The controllers are stopped before
// (SIGSTOP): they would make pods of their own, and delete those that were made here.
func live(args []string) error {
	flags := flag.NewFlagSet("live", flag.ContinueOnError)
	workloads := flags.Int("workloads", 5000, "how many workloads")
	pods := flags.Int("pods", 15000, "how many pods")
	kubeconfig := flags.String("kubeconfig", "", "measure this cluster, which is filled already")
	keep := flags.String("keep", "", "folder for the control plane, which goes on running; testbed down --dir ends it")
	runs := flags.Int("runs", 5, "how often to measure")
	if err := flags.Parse(args); err != nil {
		return err
	}
	_, fairway, err := buildFairway()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bed")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if *kubeconfig == "" {
		bed := filepath.Join(dir, "bed")
		if *keep != "" {
			bed = *keep
		}
		end, err := filledBed(bed, *workloads, *pods)
		if end != nil && *keep == "" {
			defer end()
		}
		if err != nil {
			return err
		}
		*kubeconfig = filepath.Join(bed, "pki", "admin.kubeconfig")
	}
	archive := filepath.Join(dir, "d.tar.gz")
	names := []string{"lint --live -A", "lint --live -A -o json", "dump -A", "lint --from"}
	commands := [][]string{
		{fairway, "lint", "--live", "-A", "--kubeconfig", *kubeconfig},
		{fairway, "lint", "--live", "-A", "-o", "json", "--kubeconfig", *kubeconfig},
		{fairway, "dump", "-A", "--force", "-o", archive, "--kubeconfig", *kubeconfig},
		{fairway, "lint", "--from", archive},
	}
	costs, err := medians(commands, *runs)
	if err != nil {
		return err
	}
	info, err := os.Stat(archive)
	if err != nil {
		return err
	}
	out, err := exec.Command(fairway, "lint", "--from", archive).Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	fmt.Printf("%d workloads, %d pods; archive %.1f MB\n", *workloads, *pods, float64(info.Size())/1e6)
	for _, l := range lines {
		if strings.Contains(l, " objects: ") {
			fmt.Println(l)
		}
	}
	fmt.Println("\n| command | wall s | CPU s | peak MiB |\n|---|---|---|---|")
	for i, c := range costs {
		fmt.Printf("| %s | %.1f | %.1f | %d |\n", names[i], c.Wall.Seconds(), c.CPU.Seconds(), c.PeakBytes>>20)
	}
	return nil
}

// filledBed starts a control plane and fills it. end ends it, and may be there although there is an error.
func filledBed(bed string, workloads, pods int) (end func(), err error) {
	testbed := os.Getenv("FAIRWAY_TESTBED")
	if testbed == "" {
		return nil, errors.New("FAIRWAY_TESTBED does not name the testbed program: make testbed, in the folder above, builds it")
	}
	if err := say(exec.Command(testbed, "up", "--control-plane", "--dir", bed)); err != nil {
		return nil, err
	}
	frozen, err := freeze(bed)
	end = func() {
		for _, pid := range frozen {
			_ = syscall.Kill(pid, syscall.SIGCONT)
		}
		_ = say(exec.Command(testbed, "down", "--dir", bed))
	}
	if err != nil {
		return end, err
	}
	f, err := newFiller(filepath.Join(bed, "pki", "admin.kubeconfig"))
	if err != nil {
		return end, err
	}
	began := time.Now()
	if err := f.fill(context.Background(), workloads, pods); err != nil {
		return end, err
	}
	fmt.Fprintf(os.Stderr, "filled with %d objects in %s\n", f.made.Load(), time.Since(began).Round(time.Second))
	return end, nil
}

func say(cmd *exec.Cmd) error {
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	return cmd.Run()
}

// freeze stops the controller manager and the scheduler of a bed.
func freeze(bed string) (pids []int, err error) {
	data, err := os.ReadFile(filepath.Join(bed, "state.json"))
	if err != nil {
		return nil, err
	}
	var state struct {
		Processes []struct {
			Name string
			PID  int
		}
	}
	if err := json.Unmarshal(data, &state); err != nil {
		return nil, err
	}
	for _, p := range state.Processes {
		if p.Name == "kube-controller-manager" || p.Name == "kube-scheduler" {
			if err := syscall.Kill(p.PID, syscall.SIGSTOP); err != nil {
				return pids, err
			}
			pids = append(pids, p.PID)
		}
	}
	if len(pids) != 2 {
		return pids, errors.New("the bed's state.json does not name its controllers")
	}
	return pids, nil
}

// filler makes objects.
type filler struct {
	c    *rest.RESTClient
	made atomic.Int64
}

func newFiller(kubeconfig string) (*filler, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	config.QPS = -1
	config.NegotiatedSerializer = serializer.NewCodecFactory(runtime.NewScheme()).WithoutConversion()
	c, err := rest.UnversionedRESTClientFor(config)
	return &filler{c: c}, err
}

type m = map[string]any
type list = []any

// create makes an object and returns its UID.
func (f *filler) create(ctx context.Context, path string, o m) (string, error) {
	body, err := json.Marshal(o)
	if err != nil {
		return "", err
	}
	raw, err := f.c.Post().AbsPath(path).SetHeader("Content-Type", "application/json").Body(body).Param("fieldManager", "helm").DoRaw(ctx)
	if err != nil {
		return "", fmt.Errorf("%s: %w: %.300s", path, err, raw)
	}
	f.made.Add(1)
	var made struct{ Metadata struct{ UID string } }
	return made.Metadata.UID, json.Unmarshal(raw, &made)
}

const perNamespace = 100 // workloads

// fill makes workloads of all kinds, as many as are wanted, each with what usually stands beside it, and spreads the pods over those
// that run.
func (f *filler) fill(ctx context.Context, workloads, pods int) error {
	for ns := range (workloads + perNamespace - 1) / perNamespace {
		name := fmt.Sprintf("team-%03d", ns)
		if _, err := f.create(ctx, "/api/v1/namespaces", m{"metadata": m{"name": name}}); err != nil {
			return err
		}
		if _, err := f.create(ctx, "/api/v1/namespaces/"+name+"/serviceaccounts", m{"metadata": m{"name": "default"}}); err != nil {
			return err
		}
	}
	running := 0
	for i := range workloads {
		if kindOf(i) != "CronJob" {
			running++
		}
	}
	return f.each(workloads, func(i int) error {
		n := 0 // of its pods
		if kindOf(i) != "CronJob" {
			k := i - i/10 // about its place among those that run
			n = pods*(k+1)/running - pods*k/running
		}
		return f.app(ctx, i, n)
	})
}

// each calls do for 0 to n-1, some at a time.
func (f *filler) each(n int, do func(i int) error) error {
	next := make(chan int)
	errs := make(chan error, 1)
	var wg sync.WaitGroup
	for range 24 {
		wg.Go(func() {
			for i := range next {
				if err := do(i); err != nil {
					select {
					case errs <- err:
					default:
					}
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
	select {
	case err := <-errs:
		return err
	default:
		return nil
	}
}

// kindOf: of ten workloads seven are Deployments, one each a StatefulSet, a DaemonSet and a CronJob.
func kindOf(i int) string {
	switch i % 10 {
	case 7:
		return "StatefulSet"
	case 8:
		return "DaemonSet"
	case 9:
		return "CronJob"
	}
	return "Deployment"
}

// app makes one workload and what is around it.
func (f *filler) app(ctx context.Context, i, pods int) error {
	ns, name, kind := fmt.Sprintf("team-%03d", i/perNamespace), fmt.Sprintf("app-%05d", i), kindOf(i)
	labels := m{"app.kubernetes.io/name": name, "app.kubernetes.io/part-of": ns, "app.kubernetes.io/managed-by": "helm", "team": ns}
	meta := func(name string) m { return m{"name": name, "labels": labels} }
	selector := m{"matchLabels": m{"app.kubernetes.io/name": name}}
	at := func(group, resource string) string { return group + "/namespaces/" + ns + "/" + resource }
	if _, err := f.create(ctx, at("/api/v1", "serviceaccounts"), m{"metadata": meta(name)}); err != nil {
		return err
	}
	settings := m{}
	for k := range 12 {
		settings[fmt.Sprintf("SETTING_%02d", k)] = fmt.Sprintf("https://service-%d.%s.svc.cluster.local:8080/path/%d", k, ns, i)
	}
	if _, err := f.create(ctx, at("/api/v1", "configmaps"), m{"metadata": meta(name), "data": settings}); err != nil {
		return err
	}
	if i%3 == 0 {
		if _, err := f.create(ctx, at("/api/v1", "secrets"), m{"metadata": meta(name), "stringData": m{"token": fmt.Sprint("token-", i), "dsn": "postgres://app@db/app"}}); err != nil {
			return err
		}
	}
	probe := func(path string) m {
		return m{"httpGet": m{"path": path, "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 2}
	}
	spec := m{
		"serviceAccountName": name, "securityContext": m{"runAsNonRoot": true, "seccompProfile": m{"type": "RuntimeDefault"}},
		"containers": list{m{
			"name": "app", "image": fmt.Sprintf("registry.example.com/%s/%s:1.%d.0", ns, name, i%40),
			"ports":   list{m{"name": "http", "containerPort": 8080}},
			"envFrom": list{m{"configMapRef": m{"name": name}}},
			"env": list{m{"name": "POD_NAME", "valueFrom": m{"fieldRef": m{"fieldPath": "metadata.name"}}}, m{"name": "LOG_LEVEL", "value": "info"},
				m{"name": "JAVA_TOOL_OPTIONS", "value": "-XX:MaxRAMPercentage=75 -Dfile.encoding=UTF-8"}},
			"resources":       m{"requests": m{"cpu": "100m", "memory": "256Mi"}, "limits": m{"memory": "256Mi"}},
			"readinessProbe":  probe("/health/ready"),
			"livenessProbe":   probe("/health/live"),
			"securityContext": m{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": m{"drop": list{"ALL"}}},
			"volumeMounts":    list{m{"name": "tmp", "mountPath": "/tmp"}},
		}},
		"volumes": list{m{"name": "tmp", "emptyDir": m{"sizeLimit": "64Mi"}}},
	}
	template := m{"metadata": m{"labels": labels}, "spec": spec}
	owner := func(apiVersion, kind, name, uid string) list {
		return list{m{"apiVersion": apiVersion, "kind": kind, "name": name, "uid": uid, "controller": true, "blockOwnerDeletion": true}}
	}
	var uid string
	var err error
	switch kind {
	case "CronJob":
		job := m{"metadata": m{"labels": labels}, "spec": m{}}
		for k, v := range spec {
			job["spec"].(m)[k] = v
		}
		job["spec"].(m)["restartPolicy"] = "Never"
		_, err := f.create(ctx, at("/apis/batch/v1", "cronjobs"), m{"metadata": meta(name), "spec": m{"schedule": "17 4 * * *", "concurrencyPolicy": "Forbid",
			"jobTemplate": m{"spec": m{"template": job}}}})
		return err
	case "DaemonSet":
		uid, err = f.create(ctx, at("/apis/apps/v1", "daemonsets"), m{"metadata": meta(name), "spec": m{"selector": selector, "template": template}})
	case "StatefulSet":
		uid, err = f.create(ctx, at("/apis/apps/v1", "statefulsets"), m{"metadata": meta(name), "spec": m{"replicas": pods, "serviceName": name, "selector": selector, "template": template}})
	default:
		uid, err = f.create(ctx, at("/apis/apps/v1", "deployments"), m{"metadata": meta(name), "spec": m{"replicas": pods, "selector": selector, "template": template}})
	}
	if err != nil {
		return err
	}
	if _, err := f.create(ctx, at("/api/v1", "services"), m{"metadata": meta(name), "spec": m{"selector": selector["matchLabels"], "ports": list{m{"name": "http", "port": 80, "targetPort": "http"}}}}); err != nil {
		return err
	}
	if kind != "DaemonSet" {
		if _, err := f.create(ctx, at("/apis/policy/v1", "poddisruptionbudgets"), m{"metadata": meta(name), "spec": m{"maxUnavailable": 1, "selector": selector}}); err != nil {
			return err
		}
	}
	if i%5 == 0 {
		if _, err := f.create(ctx, at("/apis/autoscaling/v2", "horizontalpodautoscalers"), m{"metadata": meta(name), "spec": m{"minReplicas": 2, "maxReplicas": 10,
			"scaleTargetRef": m{"apiVersion": "apps/v1", "kind": kind, "name": name}}}); err != nil {
			return err
		}
	}
	podLabels := m{}
	for k, v := range labels {
		podLabels[k] = v
	}
	owners, prefix := owner("apps/v1", kind, name, uid), name
	if kind == "Deployment" {
		podLabels["pod-template-hash"] = "7c9f8d6b54"
		prefix += "-7c9f8d6b54"
		uid, err := f.create(ctx, at("/apis/apps/v1", "replicasets"), m{"metadata": m{"name": prefix, "labels": podLabels, "ownerReferences": owners,
			"annotations": m{"deployment.kubernetes.io/revision": "1"}},
			"spec": m{"replicas": pods, "selector": m{"matchLabels": podLabels}, "template": m{"metadata": m{"labels": podLabels}, "spec": spec}}})
		if err != nil {
			return err
		}
		owners = owner("apps/v1", "ReplicaSet", prefix, uid)
	}
	for k := range pods {
		pod := fmt.Sprintf("%s-x%04d", prefix, k)
		if _, err := f.create(ctx, at("/api/v1", "pods"), m{"metadata": m{"name": pod, "labels": podLabels, "ownerReferences": owners}, "spec": spec}); err != nil {
			return err
		}
		status, err := json.Marshal(m{"status": podStatus(i*7+k, spec)})
		if err != nil {
			return err
		}
		if raw, err := f.c.Patch(types.MergePatchType).AbsPath(at("/api/v1", "pods/"+pod+"/status")).Param("fieldManager", "kubelet").Body(status).DoRaw(ctx); err != nil {
			return fmt.Errorf("status of %s: %w: %.300s", pod, err, raw)
		}
	}
	return nil
}

// podStatus is that of a pod that runs; one of fifty crashes.
func podStatus(i int, spec m) m {
	container := spec["containers"].(list)[0].(m)
	started := time.Date(2026, 11, 1, 8, i%60, 0, 0, time.UTC)
	ready, state := "True", m{"running": m{"startedAt": started}}
	last, restarts := m{}, 0
	if i%50 == 0 {
		ready, restarts = "False", 17
		state = m{"waiting": m{"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container=app pod=app"}}
		last = m{"terminated": m{"exitCode": 137, "reason": "OOMKilled", "startedAt": started, "finishedAt": started.Add(40 * time.Second)}}
	}
	condition := func(kind, status string) m {
		return m{"type": kind, "status": status, "lastTransitionTime": started, "observedGeneration": 1}
	}
	return m{"phase": "Running", "startTime": started, "podIP": fmt.Sprintf("10.%d.%d.%d", 1+i>>16&63, i>>8&255, i&255), "qosClass": "Burstable",
		"conditions": list{condition("PodReadyToStartContainers", "True"), condition("Initialized", "True"), condition("Ready", ready), condition("ContainersReady", ready), condition("PodScheduled", "True")},
		"containerStatuses": list{m{"name": "app", "image": container["image"], "imageID": fmt.Sprintf("registry.example.com/app@sha256:%064x", i%977),
			"containerID": fmt.Sprintf("containerd://%064x", i), "ready": ready == "True", "started": ready == "True", "restartCount": restarts, "state": state, "lastState": last}}}
}
