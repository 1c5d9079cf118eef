package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/apiserver"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
)

// workloadFlags say where a workload is looked up, and which of its containers is meant.
type workloadFlags struct {
	files     []string
	live      bool
	from      string
	container string
	cluster   clusterFlags
}

func (f *workloadFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringSliceVarP(&f.files, "filename", "f", nil, "files, folders, kustomize folders or charts that hold the workload, - for standard input (default: the working directory)")
	flags.BoolVar(&f.live, "live", false, "take the workload from a cluster: the context's namespace, or -n NAMESPACE")
	flags.StringVar(&f.from, "from", "", "take the workload from an archive of a cluster, as fairway dump writes it; - for standard input")
	flags.StringVar(&f.container, "container", "", "container of the pod (default: the only one, or the one that kubectl takes)")
	f.cluster.add(cmd)
}

// probedContainer is a container of a workload as the simulator takes it.
type probedContainer struct {
	Input     *load.Input
	Snapshot  *cluster.Snapshot
	Workload  *cluster.Workload
	Container *cluster.Container
	Spec      probesim.Spec
	// Unmodelled says what of the container's probes the simulator does not follow, a sentence each; empty when it follows all.
	Unmodelled []string
}

// find reads what the flags name and returns the container of the workload with the name, such as deploy/koreserver.
func (f *workloadFlags) find(ctx context.Context, e Env, name string) (*probedContainer, error) {
	in, err := f.read(ctx, e)
	if err != nil {
		return nil, err
	}
	return f.in(in, name)
}

// in returns the container of the workload with the name in what was read.
func (f *workloadFlags) in(in *load.Input, name string) (*probedContainer, error) {
	s := lint.Snapshot(in)
	w, err := f.pick(s, name)
	if err != nil {
		return nil, err
	}
	c, err := probedOf(w, f.container)
	if err != nil {
		return nil, err
	}
	fields := []string{"spec.replicas", "spec.minReadySeconds", "spec.strategy", "spec.updateStrategy", w.SpecPath + ".terminationGracePeriodSeconds", w.SpecPath + ".restartPolicy"}
	for _, name := range []string{"startupProbe", "readinessProbe", "livenessProbe", "lifecycle"} {
		fields = append(fields, c.Path+"."+name)
	}
	if err := acceptable(w.Object, fields...); err != nil {
		return nil, err
	}
	p := &probedContainer{Input: in, Snapshot: s, Workload: w, Container: c}
	p.Spec, p.Unmodelled = specOf(w, c)
	return p, nil
}

// acceptable is an error when the API server would not take what stands at or below one of the fields of an object, or anywhere in it when none
// is named. What cannot be read is zero in the object's typed form, and would pass for a default.
func acceptable(o *cluster.Object, fields ...string) error {
	if o.Root.IsZero() {
		return nil
	}
	var why []string
	for _, p := range apiserver.Check(o.Root, apiserver.Options{}).Problems {
		below := func(field string) bool {
			rest, ok := strings.CutPrefix(p.Field, field)
			return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
		}
		if p.Rule != apiserver.Deprecated && (len(fields) == 0 || slices.ContainsFunc(fields, below)) {
			at := p.Node.Position()
			why = append(why, fmt.Sprintf("%s:%d:%d: %s: %s", o.Root.File().Name, at.Line, at.Column, p.Field, p.Message))
		}
	}
	if len(why) == 0 {
		return nil
	}
	return &problem.Problem{What: "the API server would refuse " + report.Label(o.Ref), Why: strings.Join(why, "\n"), Next: "correct what is named, then ask again", Exit: problem.ExitIncomplete}
}

func (f *workloadFlags) read(ctx context.Context, e Env) (*load.Input, error) {
	given := f.cluster.given()
	switch {
	case f.live && f.from != "", f.live && len(f.files) > 0, f.from != "" && len(f.files) > 0:
		return nil, &problem.Problem{What: "--filename, --live and --from exclude each other", Next: "say once where the workload is"}
	case f.live:
		_, in, err := f.cluster.list(ctx, e)
		return in, err
	case f.from != "":
		if f.cluster.kubeconfig != "" || f.cluster.context != "" {
			return nil, &problem.Problem{What: given + " chooses a cluster, and an archive is read", Next: "leave it out, or --from"}
		}
		d, err := f.cluster.archive(e, f.from)
		if err != nil {
			return nil, err
		}
		return d.Input, nil
	}
	if f.cluster.kubeconfig != "" || f.cluster.context != "" || f.cluster.all {
		return nil, &problem.Problem{What: given + " chooses a cluster, and files are read", Next: "add --live to ask the cluster, or leave " + given + " out"}
	}
	files := f.files
	if len(files) == 0 {
		files = []string{"."}
	}
	in, err := load.Load(ctx, files, load.Options{Stdin: e.Stdin, Helm: helm()})
	if err != nil {
		return nil, err
	}
	if len(in.Objects) == 0 && len(in.Failures) > 0 {
		x := in.Failures[0]
		return nil, &problem.Problem{What: "cannot read the manifests", Where: x.Place.String(), Why: x.Message, Next: "correct the file, or name another one with -f", Exit: problem.ExitIncomplete}
	}
	if i := slices.IndexFunc(in.Skipped, func(x finding.Skipped) bool { return x.Reason == load.Outside }); len(in.Objects) == 0 && i >= 0 {
		x := in.Skipped[i]
		return nil, &problem.Problem{What: "nothing is read of what links lead to outside of " + strings.Join(files, ", "), Where: x.Place.String(), Why: x.Detail, Next: "name what the link leads to with -f", Exit: problem.ExitIncomplete}
	}
	return in, nil
}

// workloadKinds are the names that kubectl takes for kinds with pods.
var workloadKinds = map[string]string{
	"deploy": "Deployment", "deployment": "Deployment", "deployments": "Deployment", "sts": "StatefulSet", "statefulset": "StatefulSet", "statefulsets": "StatefulSet",
	"ds": "DaemonSet", "daemonset": "DaemonSet", "daemonsets": "DaemonSet", "rs": "ReplicaSet", "replicaset": "ReplicaSet", "replicasets": "ReplicaSet",
	"po": "Pod", "pod": "Pod", "pods": "Pod", "rc": "ReplicationController", "rollout": "Rollout", "rollouts": "Rollout",
}

// pick returns the one workload that the name means: KIND/NAME, NAMESPACE/KIND/NAME or NAME.
func (f *workloadFlags) pick(s *cluster.Snapshot, name string) (*cluster.Workload, error) {
	parts := strings.Split(name, "/")
	namespace, kind, bare := f.cluster.namespace, "", parts[len(parts)-1]
	if len(parts) > 3 || bare == "" {
		return nil, &problem.Problem{What: fmt.Sprintf("%q names no workload", name), Next: "name it as kubectl does, such as deploy/koreserver"}
	}
	if len(parts) > 1 {
		given := parts[len(parts)-2]
		known, ok := workloadKinds[strings.ToLower(given)]
		if !ok {
			known = given // a custom resource with a pod template
		}
		kind = known
	}
	if len(parts) == 3 {
		namespace = parts[0]
	}
	var found []*cluster.Workload
	var all []string
	for _, w := range s.Workloads {
		if w.Context || !w.LongRunning() {
			continue
		}
		all = append(all, report.Label(w.Ref))
		if w.Name == bare && (kind == "" || strings.EqualFold(w.Kind, kind)) && (namespace == "" || w.Namespace == "" || w.Namespace == namespace) {
			found = append(found, w)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		var places []string
		for _, w := range found {
			places = append(places, report.Label(w.Ref)+" in "+w.Root.File().Name)
		}
		return nil, &problem.Problem{What: fmt.Sprintf("%s is not one workload", name), Why: "there are " + few(places, 4), Next: "name one file or folder with -f, or the namespace with -n"}
	case len(all) == 0:
		return nil, &problem.Problem{What: fmt.Sprintf("there is no workload %s", name), Why: "the input holds none that keeps running", Next: "say where it is: -f PATH, --live or --from ARCHIVE", Exit: problem.ExitIncomplete}
	}
	slices.Sort(all)
	return nil, &problem.Problem{What: fmt.Sprintf("there is no workload %s", name), Why: "there are " + few(slices.Compact(all), 6), Next: "name one of them, or say where it is with -f"}
}

// few lists the first most of the names, and counts the others.
func few(names []string, most int) string {
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

// defaultContainer is the annotation by which kubectl picks a container.
const defaultContainer = "kubectl.kubernetes.io/default-container"

// probedOf returns the container of the name; without one, the only one of the pod, the one that kubectl takes, or the only one with probes.
func probedOf(w *cluster.Workload, name string) (*cluster.Container, error) {
	var names []string
	var apps, probed []*cluster.Container
	byName := map[string]*cluster.Container{}
	for c := range w.Main() {
		names, byName[c.Name] = append(names, c.Name), c
		if !c.Sidecar {
			apps = append(apps, c)
		}
		if !c.Sidecar && (c.StartupProbe != nil || c.ReadinessProbe != nil || c.LivenessProbe != nil) {
			probed = append(probed, c)
		}
	}
	c, ok := byName[name]
	switch {
	case name != "" && !ok:
		return nil, &problem.Problem{What: fmt.Sprintf("%s has no container %s", report.Label(w.Ref), name), Where: "--container", Why: "it has " + few(names, 6), Next: "name one of them"}
	case ok:
		return c, nil
	case len(apps) == 1:
		return apps[0], nil
	case byName[w.Template.Annotations[defaultContainer]] != nil:
		return byName[w.Template.Annotations[defaultContainer]], nil
	case len(probed) == 1:
		return probed[0], nil
	}
	return nil, &problem.Problem{What: fmt.Sprintf("%s has several containers", report.Label(w.Ref)), Why: "it has " + few(names, 6), Next: "say which with --container"}
}

// specOf is what the manifest says about one container.
func specOf(w *cluster.Workload, c *cluster.Container) (s probesim.Spec, unmodelled []string) {
	pod := &w.Template.Spec
	s = probesim.Spec{Startup: probeOf(c.StartupProbe), Readiness: probeOf(c.ReadinessProbe), Liveness: probeOf(c.LivenessProbe), Sidecar: c.Sidecar}
	if g := pod.TerminationGracePeriodSeconds; g != nil {
		s.Grace = seconds(*g)
	}
	switch pod.RestartPolicy {
	case corev1.RestartPolicyOnFailure:
		s.Restart = probesim.OnFailure
	case corev1.RestartPolicyNever:
		s.Restart = probesim.NeverRestart
	}
	if c.Lifecycle != nil && c.Lifecycle.PreStop != nil {
		var known bool
		if s.PreStop, known = pauseOf(c.Lifecycle.PreStop); !known {
			unmodelled = append(unmodelled, "how long the preStop hook takes: it counts as no time")
		}
	}
	for _, x := range []struct {
		field string
		probe *corev1.Probe
	}{{"startupProbe", c.StartupProbe}, {"readinessProbe", c.ReadinessProbe}, {"livenessProbe", c.LivenessProbe}} {
		switch {
		case x.probe == nil:
		case x.probe.Exec != nil:
			unmodelled = append(unmodelled, "what the command of the "+x.field+" costs: it counts as an answer of the application")
		case x.probe.TCPSocket != nil:
			unmodelled = append(unmodelled, "that the tcpSocket of the "+x.field+" passes while the kernel accepts, in a deadlock too")
		}
	}
	others := 0
	for o := range w.Main() {
		if o.Name != c.Name && (o.StartupProbe != nil || o.ReadinessProbe != nil || o.LivenessProbe != nil) {
			others++
		}
	}
	if others > 0 {
		unmodelled = append(unmodelled, "the probes of "+report.Count(others, "other container", "other containers")+" of the pod")
	}
	if len(pod.ReadinessGates) > 0 {
		unmodelled = append(unmodelled, "the readiness gates: they count as true")
	}
	return s, unmodelled
}

func seconds[T int32 | int64 | int](n T) time.Duration { return time.Duration(n) * time.Second }

// probeOf is a probe's numbers, nil for none.
func probeOf(p *corev1.Probe) *probesim.Probe {
	if p == nil {
		return nil
	}
	x := probesim.Probe{InitialDelay: seconds(p.InitialDelaySeconds), Period: seconds(p.PeriodSeconds), Timeout: seconds(p.TimeoutSeconds),
		SuccessThreshold: int(p.SuccessThreshold), FailureThreshold: int(p.FailureThreshold), ByAddress: p.Exec == nil}
	if g := p.TerminationGracePeriodSeconds; g != nil {
		x.Grace = seconds(*g)
	}
	x = x.WithDefaults()
	return &x
}

// pauseOf returns how long a hook takes, false when the manifest does not say.
func pauseOf(h *corev1.LifecycleHandler) (time.Duration, bool) {
	switch {
	case h.Sleep != nil:
		return seconds(h.Sleep.Seconds), true
	case h.Exec != nil:
		command := h.Exec.Command
		if len(command) == 3 && command[1] == "-c" {
			command = strings.Fields(command[2])
		}
		if len(command) == 2 && (command[0] == "sleep" || strings.HasSuffix(command[0], "/sleep")) {
			if n, err := strconv.ParseFloat(strings.TrimSuffix(command[1], "s"), 64); err == nil && n >= 0 && n < 1e6 {
				return time.Duration(n * float64(time.Second)), true
			}
		}
	}
	return 0, false
}

// shares says whether a probe is asked on a port that requests come to as well: then it waits with them. A command and an open port do not.
func (p *probedContainer) shares(probe *corev1.Probe) bool {
	var port intstr.IntOrString
	switch {
	case probe == nil:
		return false
	case probe.HTTPGet != nil:
		port = probe.HTTPGet.Port
	case probe.GRPC != nil:
		port = intstr.FromInt32(probe.GRPC.Port)
	default:
		return false
	}
	ports := p.Container.Ports
	resolve := func(x intstr.IntOrString) int32 {
		if x.Type == intstr.Int {
			return x.IntVal
		}
		for _, y := range ports {
			if y.Name == x.StrVal {
				return y.ContainerPort
			}
		}
		return 0
	}
	asked := resolve(port)
	services := p.Snapshot.TrafficOf(p.Workload)
	for _, svc := range services {
		typed := cluster.As[*corev1.Service](svc)
		if typed == nil {
			continue
		}
		if slices.ContainsFunc(typed.Spec.Ports, func(x corev1.ServicePort) bool { return resolve(cluster.TargetOf(&x)) == asked }) {
			return true
		}
	}
	// Without a Service it is shared unless another port is declared that requests can come to.
	return len(services) == 0 && (len(ports) == 0 || ports[0].ContainerPort == asked)
}
