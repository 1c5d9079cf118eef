package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/kube"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/probeverify"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// probeVerifyFlags are the flags of fairway probe verify.
type probeVerifyFlags struct {
	workload     workloadFlags
	urls         map[probeverify.Endpoint]*string // --started-url and so on
	dependencies []string
	options      probeverify.Options
	output       choice
}

func newProbeVerify(e Env) *cobra.Command {
	f := &probeVerifyFlags{urls: map[probeverify.Endpoint]*string{}, output: choice{value: "text", choices: []string{"text", "json"}}}
	cmd := &cobra.Command{
		Use:   "verify [URL...] [WORKLOAD] [flags] [-- COMMAND...]",
		Short: "find out whether health endpoints answer the questions that Kubernetes asks",
		Long: "Verify starts an application, injects one fault after the other, and asks its endpoints all the while as the kubelet does. It fills a\n" +
			"table: what started, ready and live had to answer during each fault, what they did answer, and what that would do to a fleet. Then it\n" +
			"looks for traps of the protocol: answers that the kubelet takes for something else than they mean.\n\n" +
			"URLs are told apart by their paths (/health/started, /readyz, /livez), or named by --started-url and so on. One without a path stands\n" +
			"for /health/started, /health/ready and /health/live below it; one whose path names no question is asked for all three.\n\n" +
			"A WORKLOAD such as deploy/koreserver is looked up in manifests (-f, by default the working directory): its probes say which paths and ports\n" +
			"are asked, with which timeouts, and how many pods the fleet has. With --live it is looked up in a cluster, and a pod of it is asked through\n" +
			"the API server's port-forward: whether it is healthy, and the traps. Nothing is ever done to a cluster.\n\n" +
			"A dependency, --dependency NAME=HOST:PORT, is put behind a listener that can refuse, hang and delay. The application gets the listener's\n" +
			"address in the environment variable NAME, and wherever {NAME} stands in the command. \",local\" behind it says that ready has to be\n" +
			"false without it, \",shared\" that all pods share it and ready stays true.\n\n" +
			"Without a command an application that runs already is asked; faults that need the process are not checked then. With one, the URLs are those of\n" +
			"this machine.\n\n" +
			"CPU is taken away by a control group, which needs root and Linux; where that cannot be done, signals approximate it, and the row says so.\n" +
			"Nothing is left behind: the application and its children end with this command.\n\n" +
			"Exit codes: 0 everything that was checked holds, 1 something breaks, 2 wrong usage, 3 nothing could be checked, or it was\n" +
			"stopped before the end.",
		Example: "  fairway probe verify deploy/koreserver -f deploy/ -- ./koreserver\n" +
			"  fairway probe verify deploy/koreserver --live -n shop\n" +
			"  fairway probe verify http://127.0.0.1:8081 -- ./koreserver --boot 2s\n" +
			"  fairway probe verify http://127.0.0.1:8081 --dependency REDIS=127.0.0.1:6379,shared --load 'http://127.0.0.1:8080/talk?for=300ms' \\\n" +
			"    --deadlock --fault=deadlock -- ./koreserver --boot 2s --sessions 'redis://{REDIS}'",
	}
	flags := cmd.Flags()
	o := &f.options
	for _, e := range probeverify.Endpoints {
		f.urls[e] = flags.String(string(e)+"-url", "", "URL of the "+map[probeverify.Endpoint]string{probeverify.Started: "startup", probeverify.Ready: "readiness", probeverify.Live: "liveness"}[e]+" probe")
	}
	flags.StringArrayVar(&f.dependencies, "dependency", nil, "another service that it needs: NAME=HOST:PORT, and ,local or ,shared behind it")
	flags.StringArrayVar(&o.Load, "load", nil, "URL of an ordinary request, the first best one that takes a while; all are sent while a dependency is away")
	flags.StringVar(&o.Deadlock, "deadlock", "", "what locks its serving path up: a URL to POST to, a signal such as USR1, or arguments to start it with")
	flags.StringVar(&o.Goroutines, "goroutines", "", "URL of net/http/pprof's goroutine?debug=1, to count what probes leave behind")
	flags.BoolVar(&o.SlowBoot, "slow-boot", false, "let it run for a fifth of the time while it boots")
	flags.IntVar(&o.Replicas, "replicas", 0, "pods of the fleet that sentences speak of (default: the workload's, or 10)")
	flags.DurationVar(&o.PreStop, "prestop", 0, "preStop sleep of the container: SIGTERM comes that much later than the news that the pod leaves (default: the workload's)")
	flags.DurationVar(&o.Grace, "grace", 0, "terminationGracePeriodSeconds (default: the workload's, or 30s)")
	flags.StringSliceVar(&o.Only, "only", nil, "rows to do, and no others")
	flags.StringSliceVar(&o.Skip, "skip", nil, "rows to leave out")
	flags.DurationVar(&o.Budget, "time", 0, "time for everything, kept to a second or two: faults are shortened to fit, and what does not fit is not checked")
	flags.DurationVar(&o.Times.Boot, "boot-within", probeverify.Ordinary.Boot, "longest boot to wait for")
	flags.DurationVar(&o.Times.Listen, "listen-within", probeverify.Ordinary.Listen, "time from the start until live has to answer")
	flags.DurationVar(&o.Times.Fault, "fault-for", probeverify.Ordinary.Fault, "how long a dependency is away")
	flags.DurationVar(&o.Times.Deadlock, "deadlock-within", probeverify.Ordinary.Deadlock, "time until a deadlock has to be noticed")
	choiceFlag(cmd, &f.output, "output", "o", "how to show the result")
	f.workload.add(cmd)
	_ = flags.MarkHidden("all-namespaces") // one pod is asked
	for _, name := range []string{"only", "skip"} {
		_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(probeverify.IDs(), cobra.ShellCompDirectiveNoFileComp))
	}
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		names := args
		if at := cmd.ArgsLenAtDash(); at >= 0 {
			names, o.Command = args[:at], args[at:]
		}
		return f.run(cmd.Context(), e, names)
	}
	return cmd
}

func (f *probeVerifyFlags) run(ctx context.Context, e Env, names []string) error {
	if err := f.probes(ctx, e, names); err != nil {
		return err
	}
	for _, text := range f.dependencies {
		d, err := parseDependency(text)
		if err != nil {
			return err
		}
		f.options.Dependencies = append(f.options.Dependencies, d)
	}
	f.options.Env = probeverify.Environ()
	done := func() {}
	if e.ErrTerminal {
		f.options.Progress = func(n, of int, title string) {
			e.line("%d of %d rows done, now: %s", n, of, report.Clean(title))
		}
		done = e.noLine
	}
	r, err := probeverify.Run(ctx, f.options)
	done()
	if r == nil {
		return err
	}
	v := newProbeVerdicts(&f.options, r)
	var failed error
	if f.output.value == "json" {
		failed = writeJSON(e.Stdout, v)
	} else {
		_, failed = io.WriteString(e.Stdout, v.text(e.textWidth()))
	}
	switch {
	case err != nil:
		return err
	case failed != nil:
		return failed
	case v.Summary[probeverify.Breaks] > 0:
		return exit(problem.ExitFindings)
	case v.Summary[probeverify.Holds] == 0:
		return exit(problem.ExitIncomplete)
	}
	return nil
}

// probes finds out what is asked: a workload's probes, if one is named, and URLs, which go before those of the workload.
func (f *probeVerifyFlags) probes(ctx context.Context, e Env, names []string) error {
	var urls, workloads []string
	for _, n := range names {
		if strings.Contains(n, "://") {
			urls = append(urls, n)
		} else {
			workloads = append(workloads, n)
		}
	}
	found, err := probeverify.Find(urls)
	if err != nil {
		return &problem.Problem{What: "cannot tell which URL is which question", Why: err.Error(), Next: "name them: --started-url URL --ready-url URL --live-url URL", Err: err}
	}
	for endpoint, u := range f.urls {
		if *u != "" {
			found[endpoint] = *u
		}
	}
	f.options.Probes = map[probeverify.Endpoint]probeverify.Probe{}
	switch given := f.workload.cluster.given(); {
	case len(workloads) > 1:
		return &problem.Problem{What: "one workload is verified at a time, and " + strings.Join(workloads, ", ") + " are named", Next: "name one, or URLs with http:// in front"}
	case len(workloads) == 1:
		if err := f.fromWorkload(ctx, e, workloads[0], len(found) == 0 || f.workload.live); err != nil {
			return err
		}
	case f.workload.live, given != "", f.workload.from != "", len(f.workload.files) > 0:
		return &problem.Problem{What: "a place to look for a workload is named, and no workload", Next: "name it, such as deploy/koreserver"}
	}
	for endpoint, u := range found {
		p, ok := f.options.Probes[endpoint]
		if !ok {
			p = probeverify.Defaults[endpoint]
		}
		p.URL, p.Header = withoutUser(u, p.Header)
		f.options.Probes[endpoint] = p
	}
	return nil
}

// withoutUser moves the user and password of a URL to the header that they would make, because URLs are shown.
func withoutUser(text string, header http.Header) (string, http.Header) {
	u, err := url.Parse(text)
	if err != nil || u.User == nil {
		return text, header
	}
	r := http.Request{Header: header.Clone()}
	if r.Header == nil {
		r.Header = http.Header{}
	}
	password, _ := u.User.Password()
	r.SetBasicAuth(u.User.Username(), password)
	u.User = nil
	return u.String(), r.Header
}

// fromWorkload takes what a manifest says. With asked, its probes are what is asked, on this machine or in a pod of the cluster.
func (f *probeVerifyFlags) fromWorkload(ctx context.Context, e Env, name string, asked bool) error {
	if f.workload.live && len(f.options.Command) > 0 {
		return &problem.Problem{What: "--live asks a pod of the cluster, and a command is given", Next: "leave one of the two out; manifests are read with -f"}
	}
	w, err := f.find(ctx, e, name)
	if err != nil {
		return err
	}
	if asked && !f.workload.live && len(f.options.Command) == 0 {
		return &problem.Problem{What: "nothing is named that answers for " + name, Next: "give its command after --, or --live to ask a pod of the cluster, or the URLs of one that runs"}
	}
	o := &f.options
	if o.Grace == 0 {
		o.Grace = w.Spec.Grace
	}
	if o.PreStop == 0 {
		o.PreStop = w.Spec.PreStop
	}
	if o.Replicas == 0 && w.Workload.Replicas != nil {
		o.Replicas = int(*w.Workload.Replicas)
	}
	host := "127.0.0.1"
	if asked && f.workload.live {
		if host, err = f.forward(ctx, w); err != nil {
			return err
		}
	}
	for _, x := range []struct {
		endpoint probeverify.Endpoint
		probe    *corev1.Probe
		numbers  *probesim.Probe
	}{
		{probeverify.Started, w.Container.StartupProbe, w.Spec.Startup}, {probeverify.Ready, w.Container.ReadinessProbe, w.Spec.Readiness}, {probeverify.Live, w.Container.LivenessProbe, w.Spec.Liveness},
	} {
		if x.probe == nil {
			continue
		}
		p := probeverify.Probe{Period: x.numbers.Period, Timeout: x.numbers.Timeout, FailureThreshold: x.numbers.FailureThreshold}
		if x.probe.HTTPGet == nil {
			if asked {
				note(e, "fairway: %s is not asked: its probe is no httpGet\n", x.endpoint)
			}
			continue
		}
		if p.URL, err = urlOf(x.probe.HTTPGet, w.Container.Container, host); err != nil {
			return &problem.Problem{What: fmt.Sprintf("the probe of %s cannot be asked", x.endpoint), Where: report.Label(w.Workload.Ref), Why: err.Error(),
				Next: "give the port a name that the container has, or its number"}
		}
		for _, h := range x.probe.HTTPGet.HTTPHeaders {
			if p.Header == nil {
				p.Header = http.Header{}
			}
			p.Header.Add(h.Name, h.Value)
		}
		o.Probes[x.endpoint] = p
	}
	if asked && len(o.Probes) == 0 {
		return &problem.Problem{What: report.Label(w.Workload.Ref) + " has no probe that asks over HTTP", Next: "name the URLs: http://127.0.0.1:8081/health/started and so on"}
	}
	return nil
}

// find looks a workload up. A pod of a cluster is one too, whoever made it.
func (f *probeVerifyFlags) find(ctx context.Context, e Env, name string) (*probedContainer, error) {
	kind, pod, ok := strings.Cut(name, "/")
	if !f.workload.live || !ok || workloadKinds[strings.ToLower(kind)] != "Pod" {
		return f.workload.find(ctx, e, name)
	}
	c, err := f.connect()
	if err != nil {
		return nil, err
	}
	var found *corev1.Pod
	var names []string
	if err := eachPod(ctx, c, c.Namespace, func(p *corev1.Pod) {
		if names = append(names, p.Name); p.Name == pod {
			found = p
		}
	}); err != nil {
		return nil, err
	}
	if found == nil {
		p := &problem.Problem{What: fmt.Sprintf("there is no pod %s in %s", pod, c.Namespace), Where: c.Server, Next: "look at kubectl get pods"}
		if near := spell.Nearest(pod, names, 3); near != "" {
			p.Next = "did you mean pod/" + near + "?"
		}
		return nil, p
	}
	w := &cluster.Workload{Object: &cluster.Object{Ref: finding.Ref{Kind: "Pod", Namespace: found.Namespace, Name: found.Name}},
		Template: &corev1.PodTemplateSpec{ObjectMeta: found.ObjectMeta, Spec: found.Spec}}
	for i := range found.Spec.InitContainers {
		x := &found.Spec.InitContainers[i]
		sidecar := x.RestartPolicy != nil && *x.RestartPolicy == corev1.ContainerRestartPolicyAlways
		w.Containers = append(w.Containers, cluster.Container{Container: x, Init: true, Sidecar: sidecar})
	}
	for i := range found.Spec.Containers {
		w.Containers = append(w.Containers, cluster.Container{Container: &found.Spec.Containers[i]})
	}
	x, err := probedOf(w, f.workload.container)
	if err != nil {
		return nil, err
	}
	p := &probedContainer{Workload: w, Container: x}
	p.Spec, p.Unmodelled = specOf(w, x)
	return p, nil
}

func (f *probeVerifyFlags) connect() (*kube.Client, error) {
	x := &f.workload.cluster
	return kube.Connect(kube.Options{Kubeconfig: x.kubeconfig, Context: x.context, Namespace: x.namespace})
}

// eachPod calls do with the pods of a namespace.
func eachPod(ctx context.Context, c *kube.Client, namespace string, do func(*corev1.Pod)) error {
	err := c.Each(ctx, "", "v1", "pods", namespace, func(raw json.RawMessage) error {
		p := &corev1.Pod{}
		if err := json.Unmarshal(raw, p); err != nil {
			return err
		}
		do(p)
		return nil
	})
	if err == nil {
		return nil
	}
	_, why := kube.StateOf(err)
	return &problem.Problem{What: "the pods of " + namespace + " cannot be listed", Where: c.Server, Why: why, Next: "look whether the cluster can be reached and pods may be listed: kubectl auth can-i list pods", Exit: problem.ExitIncomplete, Err: err}
}

// urlOf is what the kubelet asks.
func urlOf(g *corev1.HTTPGetAction, c *corev1.Container, host string) (string, error) {
	port := g.Port.IntValue()
	if g.Port.Type == intstr.String && port == 0 {
		for _, p := range c.Ports {
			if p.Name == g.Port.StrVal {
				port = int(p.ContainerPort)
			}
		}
	}
	if port < 1 || port > 65535 {
		return "", fmt.Errorf("the container has no port %s", g.Port.String())
	}
	u, err := url.Parse(g.Path)
	if err != nil {
		u = &url.URL{Path: g.Path} // as the kubelet does
	}
	if u.Scheme = strings.ToLower(string(g.Scheme)); u.Scheme == "" {
		u.Scheme = "http"
	}
	u.Host = net.JoinHostPort(host, strconv.Itoa(port))
	return u.String(), nil
}

// forward has a pod of the workload asked through the API server, and returns the pod's address.
func (f *probeVerifyFlags) forward(ctx context.Context, w *probedContainer) (string, error) {
	c, err := f.connect()
	if err != nil {
		return "", err
	}
	pod, err := runningPod(ctx, c, w.Workload)
	if err != nil {
		return "", err
	}
	f.options.Remote = "a port-forward through the API server"
	f.options.Pod = pod.Name
	f.options.Dial = func(ctx context.Context, _, address string) (net.Conn, error) {
		_, text, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		port, err := strconv.Atoi(text)
		if err != nil {
			return nil, err
		}
		return c.Dial(ctx, pod.Namespace, pod.Name, port)
	}
	return pod.Status.PodIP, nil
}

// runningPod returns a pod of a workload that runs, a ready one if there is one, the first by name.
func runningPod(ctx context.Context, c *kube.Client, w *cluster.Workload) (*corev1.Pod, error) {
	selector, err := metav1.LabelSelectorAsSelector(w.Selector)
	if err != nil {
		return nil, &problem.Problem{What: report.Label(w.Ref) + " has no selector that can be read", Why: err.Error(), Next: "name one of its pods, such as pod/NAME"}
	}
	var best *corev1.Pod
	ready := func(p *corev1.Pod) bool {
		return slices.ContainsFunc(p.Status.Conditions, func(x corev1.PodCondition) bool { return x.Type == corev1.PodReady && x.Status == corev1.ConditionTrue })
	}
	if err := eachPod(ctx, c, w.Namespace, func(p *corev1.Pod) {
		if w.Kind == "Pod" && p.Name != w.Name || w.Kind != "Pod" && (w.Selector == nil || !selector.Matches(labels.Set(p.Labels))) ||
			p.Status.Phase != corev1.PodRunning || p.DeletionTimestamp != nil || p.Status.PodIP == "" {
			return
		}
		if best == nil || ready(p) && !ready(best) || ready(p) == ready(best) && p.Name < best.Name {
			best = p
		}
	}); err != nil {
		return nil, err
	}
	if best == nil {
		return nil, &problem.Problem{What: "no pod of " + report.Label(w.Ref) + " runs", Where: c.Server, Next: "look at kubectl get pods; its command can be verified here: give it after --", Exit: problem.ExitIncomplete}
	}
	return best, nil
}

// parseDependency reads NAME=HOST:PORT, with ,local or ,shared behind it.
func parseDependency(text string) (probeverify.Dependency, error) {
	wrong := func(why string) (probeverify.Dependency, error) {
		return probeverify.Dependency{}, &problem.Problem{What: fmt.Sprintf("--dependency %q cannot be read", text), Why: why, Next: "write it as REDIS=127.0.0.1:6379,shared"}
	}
	name, rest, ok := strings.Cut(text, "=")
	if !ok || name == "" || strings.ContainsAny(name, "{} ") {
		return wrong("it does not begin with a name and =")
	}
	d := probeverify.Dependency{Name: name}
	addr, class, ok := strings.Cut(rest, ",")
	if d.Class = probeverify.Class(class); ok && d.Class != probeverify.Local && d.Class != probeverify.Shared {
		return wrong(fmt.Sprintf("a dependency is local or shared, not %q", class))
	}
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return wrong(fmt.Sprintf("%q is no host and port", addr))
	}
	d.Addr = addr
	return d, nil
}

// probeVerdicts is the answer of probe verify; its JSON form is docs/schema/probe-verify-v1.json.
type probeVerdicts struct {
	SchemaVersion int                         `json:"schemaVersion"`
	Endpoints     map[string]string           `json:"endpoints"`
	Pod           string                      `json:"pod"`
	Command       []string                    `json:"command"`
	Rows          []probeRowJSON              `json:"rows"`
	Summary       map[probeverify.Verdict]int `json:"summary"`
	Seconds       float64                     `json:"seconds"`
}

type probeRowJSON struct {
	Row        string              `json:"row"`
	Title      string              `json:"title"`
	Dependency string              `json:"dependency"`
	Kind       probeverify.Kind    `json:"kind"`
	Verdict    probeverify.Verdict `json:"verdict"`
	Why        string              `json:"why"`
	Note       string              `json:"note"`
	Cells      []probeCellJSON     `json:"cells"`
	Faults     []probeFaultJSON    `json:"faults"`
	Seconds    float64             `json:"seconds"`
}

type probeCellJSON struct {
	Endpoint probeverify.Endpoint `json:"endpoint"`
	Want     string               `json:"want"`
	Seen     string               `json:"seen"`
	Holds    bool                 `json:"holds"`
	short    string
}

type probeFaultJSON struct {
	Endpoint probeverify.Endpoint `json:"endpoint"`
	What     string               `json:"what"`
	Fleet    string               `json:"fleet"`
	Next     string               `json:"next"`
}

func newProbeVerdicts(o *probeverify.Options, r *probeverify.Report) *probeVerdicts {
	v := &probeVerdicts{SchemaVersion: 1, Endpoints: map[string]string{}, Pod: o.Pod, Command: append([]string{}, o.Command...), Rows: []probeRowJSON{}, Seconds: inSeconds(r.Took),
		Summary: map[probeverify.Verdict]int{probeverify.Holds: 0, probeverify.Breaks: 0, probeverify.NotChecked: 0}}
	for e, p := range o.Probes {
		v.Endpoints[string(e)] = p.URL
	}
	for _, x := range r.Rows {
		row := probeRowJSON{Row: x.ID, Title: x.Title, Dependency: x.Subject, Kind: x.Kind, Verdict: x.Verdict, Why: x.Why, Note: x.Note, Cells: []probeCellJSON{}, Faults: []probeFaultJSON{}, Seconds: inSeconds(x.Took)}
		for _, c := range x.Cells {
			row.Cells = append(row.Cells, probeCellJSON{c.Endpoint, c.Want, c.Seen, c.Holds, c.Short})
		}
		for _, y := range x.Faults {
			row.Faults = append(row.Faults, probeFaultJSON(y))
		}
		v.Rows = append(v.Rows, row)
		v.Summary[x.Verdict]++
	}
	return v
}

// inSeconds is a time with the precision that it is worth.
func inSeconds(d time.Duration) float64 {
	return float64(d.Round(10*time.Millisecond)) / float64(time.Second)
}

// text shows the table, then what breaks, then what is not known.
func (v *probeVerdicts) text(width int) string {
	var b strings.Builder
	if v.Pod != "" {
		b.WriteString("pod/" + v.Pod + "  ")
	}
	b.WriteString(sameStart(v.Endpoints) + "\n\n")
	const title = 28
	columns := map[probeverify.Endpoint]int{}
	for _, r := range v.Rows {
		if r.Kind == probeverify.Truth {
			for _, c := range r.Cells {
				columns[c.Endpoint] = max(columns[c.Endpoint], len(c.Endpoint), min(report.Width(c.mark()), 18))
			}
		}
	}
	var head strings.Builder
	for _, e := range probeverify.Endpoints {
		if n := columns[e]; n > 0 {
			fmt.Fprintf(&head, "  %-*s", n, e)
		}
	}
	if len(columns) > 0 {
		fmt.Fprintf(&b, "%-*s%s\n", 12+title, "", strings.TrimRight(head.String(), " "))
	}
	var traps []string
	empty := b.Len()
	for _, r := range v.Rows {
		switch {
		case r.Verdict == probeverify.NotChecked:
			continue
		case r.Kind == probeverify.Trap && r.Verdict == probeverify.Holds:
			traps = append(traps, strings.TrimSpace(r.Row+" "+r.Dependency))
			continue
		}
		var cells strings.Builder
		fmt.Fprintf(&cells, "  %-8s  %-*s", r.Verdict, title, r.Title)
		if r.Kind == probeverify.Truth {
			for _, e := range probeverify.Endpoints {
				if n := columns[e]; n > 0 {
					text := ""
					if i := slices.IndexFunc(r.Cells, func(c probeCellJSON) bool { return c.Endpoint == e }); i >= 0 {
						text = r.Cells[i].mark()
					}
					fmt.Fprintf(&cells, "  %-*s", n, text)
				}
			}
		}
		b.WriteString(strings.TrimRight(cells.String(), " ") + "\n")
		if r.Verdict == probeverify.Holds && r.Note != "" {
			hang(&b, width, "            ", r.Note)
		}
	}
	if len(traps) > 0 {
		hang(&b, width, "  holds     no trap in ", strings.Join(traps, ", "))
	}
	for _, r := range v.Rows {
		if r.Verdict != probeverify.Breaks {
			continue
		}
		fmt.Fprintf(&b, "\n  breaks  %s%s\n", strings.TrimSpace(r.Row+" "+r.Dependency), noteOf(r.Note))
		for _, x := range folded(r.Faults) {
			hang(&b, width, "    ", x.What)
			for _, c := range r.Cells {
				if c.Endpoint == x.Endpoint {
					hang(&b, width, "      wanted  ", c.Want)
					hang(&b, width, "      seen    ", c.Seen)
				}
			}
			hang(&b, width, "      fleet   ", x.Fleet)
			hang(&b, width, "      next    ", x.Next)
			if len(x.also) > 0 {
				hang(&b, width, "      also    ", strings.Join(x.also, ", "))
			}
		}
	}
	if v.Summary[probeverify.NotChecked] > 0 && b.Len() > empty {
		b.WriteByte('\n')
	}
	var reasons []string
	unknown := map[string][]string{}
	for _, r := range v.Rows {
		if r.Verdict == probeverify.NotChecked {
			if unknown[r.Why] == nil {
				reasons = append(reasons, r.Why)
			}
			unknown[r.Why] = append(unknown[r.Why], strings.TrimSpace(r.Row+" "+r.Dependency))
		}
	}
	for _, why := range reasons {
		hang(&b, width, "  not checked  ", strings.Join(unknown[why], ", ")+": "+why)
	}
	fmt.Fprintf(&b, "\n%s: %d hold, %d break, %d not checked", report.Count(len(v.Rows), "row", "rows"), v.Summary[probeverify.Holds], v.Summary[probeverify.Breaks], v.Summary[probeverify.NotChecked])
	fmt.Fprintf(&b, "    %.0f s\n", v.Seconds)
	return report.CleanLines(b.String())
}

// foldedFault is a fault and the other endpoints that have the same.
type foldedFault struct {
	probeFaultJSON
	also []string
}

// folded puts faults together that are told in the same words of several endpoints. What live has is told, as it hurts most.
func folded(faults []probeFaultJSON) (all []foldedFault) {
	words := func(x probeFaultJSON) string { return strings.Replace(x.What, string(x.Endpoint), "", 1) + x.Next }
	for _, x := range slices.Backward(faults) {
		if i := slices.IndexFunc(all, func(y foldedFault) bool { return x.Endpoint != "" && words(x) == words(y.probeFaultJSON) }); i >= 0 {
			all[i].also = append(all[i].also, string(x.Endpoint))
		} else {
			all = append(all, foldedFault{probeFaultJSON: x})
		}
	}
	slices.Reverse(all)
	return all
}

func noteOf(note string) string {
	if note == "" {
		return ""
	}
	return "  (" + note + ")"
}

// mark is what was seen, with a sign when it is not what was wanted.
func (c probeCellJSON) mark() string {
	if c.Holds {
		return c.short
	}
	return c.short + " (!)"
}

// sameStart writes URLs that differ at the end only as one: http://127.0.0.1:8081/health/{started,ready,live}.
func sameStart(urls map[string]string) string {
	var all []string
	for _, e := range probeverify.Endpoints {
		if u, ok := urls[string(e)]; ok && !slices.Contains(all, u) {
			all = append(all, u)
		}
	}
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	i := strings.LastIndexByte(all[0], '/') + 1
	ends := []string{}
	for _, u := range all {
		if !strings.HasPrefix(u, all[0][:i]) || strings.Contains(u[i:], "/") {
			return strings.Join(all, "  ")
		}
		ends = append(ends, u[i:])
	}
	return all[0][:i] + "{" + strings.Join(ends, ",") + "}"
}
