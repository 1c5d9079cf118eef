package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/lint"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/probeplan"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/probesim/fleet"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

// probeSimulateFlags are the flags of fairway probe simulate.
type probeSimulateFlags struct {
	workload                     workloadFlags
	startup, ready, live, health string
	boots                        []string
	boot, load, kubernetes       string
	replicas, nodes, retries     int
	admission, timeout, service  string
	retryBudget, duration        string
	faults                       []string
	compare                      []string
	scenario                     string
	seeds                        int
	seed                         uint64
	svg                          string
	output, color, timeline      choice
	example                      choice
	check                        bool
}

func newProbeSimulate(e Env) *cobra.Command {
	f := &probeSimulateFlags{
		output:   choice{value: "text", choices: []string{"text", "json"}},
		color:    choice{value: "auto", choices: []string{"auto", "always", "never"}},
		timeline: choice{value: "auto", choices: []string{"auto", "always", "never"}},
		example:  choice{choices: []string{"story", "boot", "cascade"}},
	}
	cmd := &cobra.Command{
		Use:   "simulate [WORKLOAD]",
		Short: "predict what probes do to a boot, a fleet under load, and a fault",
		Long: "Simulate lets the pods of a workload live together in a model of the kubelet that was compared with the real one, and of what is around them:\n" +
			"requests that queue, endpoints that lag, a Deployment or StatefulSet, a disruption budget, an autoscaler. Then one thing happens, and it says how\n" +
			"many boots the probes kill, how many containers restart that need not, how long nothing answers, and whether the fleet recovers.\n\n" +
			"The probes come from a workload (deploy/koreserver, in files, a cluster or an archive), from flags, or from a scenario file. Flags change the\n" +
			"workload's probes in a column of their own; --compare adds the golden path, other manifests, or what three truths would do with the same numbers.\n\n" +
			"A probe is FAILURESxPERIOD, its failureThreshold and its periodSeconds, and more after commas: 30x10,timeout=3,delay=5,success=1,grace=10.\n" +
			"\"none\" is no probe.\n" +
			"A boot is one time, or the range from the 5th to the 99th percentile: 45s..60s. Only measured boots make a good answer.\n" +
			"Without --boot it is what boot in the workload's fairway.yaml says, in a folder that is named or above it in the repository, or the annotation\n" +
			cluster.BootAnnotation + ".\n" +
			"A fault is KIND or KIND:PODS, and at=, for=, extra=, share= after commas. The kinds are\n" + strings.Join(fleet.FaultNames, ", ") + ".\n" +
			"Without --fault, each that one day happens to everybody is played: start, crash, deadlock, rollout, node-lost, drain, kubelet-restart.\n\n" +
			"How endpoints answer is read off the manifest as far as it says: probes that ask one endpoint, or the port of the requests, wait in the queue\n" +
			"behind the requests; those on a port of their own do not. --health says it instead: one, one-deep (asks the dependency too), three.\n\n" +
			"The same seed gives the same answer on every machine. Every number has its interval; what is not followed is said.\n\n" +
			"Exit codes: 0 the answer is there, 1 with --check when the last column kills more than one boot in 10,000 or does not recover in every run,\n" +
			"2 wrong usage, 3 the workload could not be read, 10 the cluster of --live could not be asked.",
		Example: "  fairway probe simulate deploy/koreserver -f deploy/ --boot 45s..60s --load 80% --compare golden-path\n" +
			"  fairway probe simulate --liveness 3x10 --readiness 3x10 --boot 45s..60s --replicas 10 --load 80% --fault crash:3\n" +
			"  fairway probe simulate deploy/koreserver --boot 45s..60s --startup 10x10 --fault start     your edit beside today's\n" +
			"  fairway probe simulate --scenario probes.yaml --svg probes.svg\n" +
			"  fairway probe simulate --example story",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return &problem.Problem{What: "one workload at a time can be simulated", Where: strings.Join(args, " "), Next: "name one, such as deploy/koreserver; --compare adds others"}
			}
			return nil
		},
	}
	flags := cmd.Flags()
	f.workload.add(cmd)
	flags.StringVar(&f.startup, "startup", "", "startup probe, FAILURESxPERIOD such as 30x10, or none")
	flags.StringVar(&f.ready, "readiness", "", "readiness probe, such as 3x5,timeout=2")
	flags.StringVar(&f.live, "liveness", "", "liveness probe, such as 3x20,timeout=5")
	flags.StringVar(&f.health, "health", "", "how the endpoints answer: one, one-deep or three (default: read off the workload, else one)")
	flags.StringVar(&f.boot, "boot", "", "boot time: 45s, or 45s..60s, of which 5 % are shorter and 1 % longer")
	flags.StringArrayVar(&f.boots, "boots", nil, "file of boot times that were observed, one a line: 41s, or >40s for a boot that was killed; - for standard input")
	flags.IntVar(&f.replicas, "replicas", 0, "pods (default: the workload's, else 10)")
	flags.IntVar(&f.nodes, "nodes", 0, "nodes that the pods are spread over (default: one for each pod)")
	flags.StringVar(&f.load, "load", "", "requests as a share of what all pods can answer: 80% or 0.8 (default: none)")
	flags.StringVar(&f.service, "service-time", "100ms", "a worker's time for one request")
	flags.StringVar(&f.timeout, "client-timeout", "10s", "the clients' patience")
	flags.IntVar(&f.retries, "retries", 0, "how often a client tries again, 0 to 5")
	flags.StringVar(&f.retryBudget, "retry-budget", "0", "retries as a share of first tries, at most; 0 is no bound")
	flags.StringVar(&f.admission, "admission", "0s", "requests that would wait longer are refused; 0 takes all")
	flags.StringArrayVar(&f.faults, "fault", nil, "what happens, such as crash:3; may be given several times")
	flags.StringVar(&f.duration, "for", "35m", "time from the beginning to the end")
	flags.StringVar(&f.kubernetes, "kube-version", "1.36", "version of the kubelet, 1.33 to 1.36")
	flags.StringArrayVar(&f.compare, "compare", nil, "another column: golden-path, three-truths, or a manifest that holds the workload")
	flags.StringVar(&f.scenario, "scenario", "", "YAML file with everything (schema: docs/schema/probe-scenario-v1.json)")
	flags.IntVar(&f.seeds, "seeds", 40, "runs")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the first run")
	flags.StringVar(&f.svg, "svg", "", "write the timelines to a file as a picture")
	flags.BoolVar(&f.check, "check", false, "end with exit code 1 when the last column kills boots or does not recover")
	choiceFlag(cmd, &f.example, "example", "", "replay the story that Fairway comes from, or one half of it: boot, cascade")
	choiceFlag(cmd, &f.timeline, "timeline", "", "draw the pods over time; auto does for one fault")
	choiceFlag(cmd, &f.output, "output", "o", "how to show the result")
	choiceFlag(cmd, &f.color, "color", "", "when to use colour")
	_ = cmd.RegisterFlagCompletionFunc("fault", cobra.FixedCompletions(fleet.FaultNames, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("health", cobra.FixedCompletions([]string{"one", "one-deep", "three"}, cobra.ShellCompDirectiveNoFileComp))
	_ = cmd.RegisterFlagCompletionFunc("compare", cobra.FixedCompletions([]string{"golden-path", "three-truths"}, cobra.ShellCompDirectiveDefault))
	_ = cmd.RegisterFlagCompletionFunc("kube-version", cobra.FixedCompletions([]string{"1.33", "1.34", "1.35", "1.36"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), e, cmd, args) }
	return cmd
}

func (f *probeSimulateFlags) run(ctx context.Context, e Env, cmd *cobra.Command, args []string) error {
	asked, err := f.questions(ctx, e, cmd, args)
	if err != nil {
		return err
	}
	done := e.wait("simulating")
	var answers []*report.Simulation
	for _, q := range asked {
		var a *report.Simulation
		if a, err = q.answer(ctx); err != nil {
			break
		}
		answers = append(answers, a)
	}
	done()
	if err != nil {
		return err
	}
	if f.svg != "" {
		if err := store.WriteFile(f.svg, report.SimulationSVG(answers)); err != nil {
			return &problem.Problem{What: "cannot write the picture", Where: f.svg, Why: problem.Plain(err), Next: "choose another file with --svg", Err: err}
		}
	}
	if f.output.value == "json" {
		err = report.SimulationJSON(e.Stdout, answers)
	} else {
		for i, a := range answers {
			if i > 0 {
				fmt.Fprintln(e.Stdout)
			}
			timeline := f.timeline.value == "always" || f.timeline.value == "auto" && len(a.Faults) == 1
			if err = report.SimulationText(e.Stdout, a, report.SimulationOptions{Width: e.Width, Color: e.colour(f.color.value), ASCII: !e.unicode(), Timeline: timeline, Brief: len(f.faults) == 0 && len(a.Faults) > 2}); err != nil {
				break
			}
		}
	}
	if err != nil || !f.check {
		return err
	}
	for _, a := range answers {
		for _, x := range a.Columns[len(a.Columns)-1].Answers {
			if x.KilledBooting.Value > killedShare || x.Closed > killedShare || x.Recovers.Count < x.Recovers.Of {
				return exit(problem.ExitFindings)
			}
		}
	}
	return nil
}

// killedShare is the share of boots that probes may kill: one in 10,000.
const killedShare = 1e-4

// unicode says whether the terminal, by its locale, shows more than ASCII. Without a locale it is taken to.
func (e Env) unicode() bool {
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if v := e.Getenv(name); v != "" {
			v = strings.ToLower(v)
			return strings.Contains(v, "utf-8") || strings.Contains(v, "utf8")
		}
	}
	return true
}

// question is a simulation with the words around it.
type question struct {
	simulation
	title      string
	unmodelled []string
}

// questions reads what is to be simulated.
func (f *probeSimulateFlags) questions(ctx context.Context, e Env, cmd *cobra.Command, args []string) ([]*question, error) {
	if f.example.value != "" {
		if len(args) > 0 || f.scenario != "" {
			return nil, &problem.Problem{What: "--example brings its own workload", Next: "leave one of the two out"}
		}
		return examples(f.example.value, f.seeds, f.seed)
	}
	q := &question{simulation: simulation{seeds: f.seeds, seed: f.seed}}
	wrong := func(flag string, err error) error {
		return &problem.Problem{What: err.Error(), Where: flag, Next: cmd.CommandPath() + " --help shows the forms"}
	}
	c := &q.common
	var err error
	if c.Version, err = parseKubernetes(f.kubernetes); err != nil {
		return nil, wrong("--kube-version", err)
	}
	c.Replicas, c.Nodes, c.Load.Retries = f.replicas, f.nodes, f.retries
	for _, x := range []struct {
		flag, text string
		read       func(string) error
	}{
		{"--load", f.load, func(s string) (err error) { c.Load.Utilization, err = parseShare(s); return }},
		{"--retry-budget", f.retryBudget, func(s string) (err error) { c.Load.RetryBudget, err = parseShare(s); return }},
		{"--service-time", f.service, func(s string) (err error) { c.Load.Service, err = parseTime(s); return }},
		{"--client-timeout", f.timeout, func(s string) (err error) { c.Load.Timeout, err = parseTime(s); return }},
		{"--admission", f.admission, func(s string) (err error) { c.Load.Admission, err = parseTime(s); return }},
		{"--for", f.duration, func(s string) (err error) { c.For, err = parseTime(s); return }},
		{"--boot", f.boot, func(s string) (err error) { q.boot = bootWords(s); c.Boot, err = parseBoot(s); return }},
	} {
		if x.text == "" {
			continue
		}
		if err := x.read(x.text); err != nil {
			return nil, wrong(x.flag, err)
		}
	}
	for _, text := range f.faults {
		x, err := parseFault(text)
		if err != nil {
			return nil, wrong("--fault", err)
		}
		q.faults = append(q.faults, x)
	}
	if f.scenario != "" {
		if len(args) > 0 {
			return nil, &problem.Problem{What: "a scenario file and a workload exclude each other", Next: "leave one of the two out"}
		}
		if err := readScenario(f.scenario, &q.simulation); err != nil {
			return nil, err
		}
		q.title = f.scenario
	}
	if len(args) > 0 {
		if err := f.fromWorkload(ctx, e, q, args[0]); err != nil {
			return nil, err
		}
	}
	if err := f.fromFlags(q); err != nil {
		return nil, wrong("", err)
	}
	if len(q.configs) == 0 {
		return nil, &problem.Problem{What: "there are no probes to simulate", Next: "name a workload such as deploy/koreserver, or probes with --startup, --readiness and --liveness, or see --example story"}
	}
	if len(f.boots) > 0 {
		if c.Boot != nil {
			return nil, &problem.Problem{What: "the boot time is said twice", Where: "--boots " + strings.Join(f.boots, ","), Next: "leave out --boot, or boot: in the scenario file, when boots were observed"}
		}
		if err := f.observedBoots(e, q); err != nil {
			return nil, err
		}
	}
	if c.Boot == nil {
		return nil, &problem.Problem{What: "the boot time is not known", Why: "what probes do depends on it more than on anything else",
			Next: "say it with --boot 45s..60s, name boots that were observed with --boots FILE, or write it down: boot in the fairway.yaml of the service, among the files or above them, or the annotation " + cluster.BootAnnotation}
	}
	if c.Replicas == 0 {
		c.Replicas = 10
	}
	if err := f.addCompared(ctx, e, q, args); err != nil {
		return nil, err
	}
	if len(q.faults) == 0 {
		q.faults = everyday(*c)
	}
	return []*question{q}, q.valid()
}

// observedBoots takes the boot times from lists.
func (f *probeSimulateFlags) observedBoots(e Env, q *question) error {
	o, err := (&bootFlags{lists: f.boots}).observe(e, nil, nil)
	if err != nil {
		return err
	}
	sample := boottime.NewSample(o.boots)
	if len(o.boots) == sample.Killed {
		return &problem.Problem{What: "how long a boot takes cannot be told from these", Where: strings.Join(f.boots, ", "), Why: fmt.Sprintf("of %s, %d were killed before they ended", report.Count(len(o.boots), "boot", "boots"), sample.Killed),
			Next: "add boots that ended, or say the range with --boot 45s..60s", Exit: problem.ExitIncomplete}
	}
	q.common.Boot = probeplan.Drawn{Sample: sample}
	q.boot = report.Count(len(o.boots), "observed boot", "observed boots")
	if sample.Killed > 0 {
		q.boot += fmt.Sprintf(", %d of them killed", sample.Killed)
	}
	if len(sample.Tails) == 0 {
		q.unmodelled = append(q.unmodelled, "boots longer than the longest that was seen: these are too few to say how long they are")
	}
	return nil
}

// valid checks every scenario before any is run.
func (q *question) valid() error {
	if q.seeds < 1 || q.seeds > maxSeeds {
		return &problem.Problem{What: fmt.Sprintf("%d runs are not between 1 and %s", q.seeds, report.Thousands(maxSeeds)), Where: "--seeds", Next: "40 give a first answer, 1,000 a good one"}
	}
	if len(q.configs) > maxConfigurations || len(q.faults) > maxFaults {
		return &problem.Problem{What: fmt.Sprintf("%d configurations and %d faults are more than %d of each", len(q.configs), len(q.faults), maxFaults), Next: "ask for less at once"}
	}
	for _, c := range q.configs {
		for _, x := range q.faults {
			if err := q.scenario(c, x).Check(); err != nil {
				return &problem.Problem{What: err.Error(), Where: report.Clean(c.name) + ", " + x.Kind.String(), Next: "change the flag or the scenario file"}
			}
		}
	}
	// As many pods as there can be, at a few hundred hours of a pod a second.
	s := q.common.WithFault(fleet.Fault{})
	pods := s.Replicas
	if s.Scaler != nil {
		pods = max(pods, s.Scaler.Max)
	}
	if hours := float64(len(q.configs)*len(q.faults)*q.seeds*pods) * s.For.Hours(); hours > mostPodHours {
		return &problem.Problem{What: fmt.Sprintf("that would be the life of a pod for %.3g hours", hours), Where: fmt.Sprintf("%d configurations, %d faults, %d runs, %d pods, %v", len(q.configs), len(q.faults), q.seeds, pods, s.For),
			Why: fmt.Sprintf("%.0g take about an hour of one processor", float64(mostPodHours)), Next: "ask for less: --seeds, --replicas, --for, or one --fault"}
	}
	return nil
}

// mostPodHours is how much is simulated at the most: about an hour of one processor.
const mostPodHours = 1e6

func (q *question) scenario(c configuration, x fleet.Fault) fleet.Scenario {
	s := q.common
	s.Spec, s.Health, s.Fault = c.spec, c.health, x
	return s
}

// everyday are the faults that one day happen to everybody.
func everyday(c fleet.Scenario) []fleet.Fault {
	x := []fleet.Fault{{Kind: fleet.Start}, {Kind: fleet.Crash, Pods: max(c.Replicas*3/10, 1)}, {Kind: fleet.Deadlock}, {Kind: fleet.NewRevision}}
	if c.Replicas > 1 && c.Nodes != 1 {
		x = append(x, fleet.Fault{Kind: fleet.NodeLost}, fleet.Fault{Kind: fleet.NodeDrained})
	}
	return append(x, fleet.Fault{Kind: fleet.KubeletAgain})
}

// fromWorkload takes the first column, and what is around it, from a manifest.
func (f *probeSimulateFlags) fromWorkload(ctx context.Context, e Env, q *question, name string) error {
	p, err := f.workload.find(ctx, e, name)
	if err != nil {
		return err
	}
	q.title = report.Label(p.Workload.Ref) + ", container " + p.Container.Name
	q.unmodelled = append(q.unmodelled, p.Unmodelled...)
	health, assumed := healthOf(p)
	q.unmodelled = append(q.unmodelled, assumed...)
	q.configs = append(q.configs, configuration{name: "today", spec: p.Spec, health: health})
	if q.common.Replicas == 0 {
		switch w := p.Workload; {
		case w.Replicas != nil && *w.Replicas > 0:
			q.common.Replicas = int(*w.Replicas)
		case w.Is("", "Pod"):
			q.common.Replicas = 1
		default:
			q.unmodelled = append(q.unmodelled, "how many pods there are: the manifest does not say, so 10 are taken (--replicas says otherwise)")
		}
	}
	around, err := aroundOf(p, &q.common)
	if err != nil {
		return err
	}
	q.unmodelled = append(q.unmodelled, around...)
	if boot, where := declaredBoot(p); q.common.Boot == nil && len(f.boots) == 0 && boot != "" {
		if q.common.Boot, err = parseBoot(boot); err != nil {
			return &problem.Problem{What: "the boot time cannot be taken", Where: where, Why: err.Error(), Next: "correct it, or say another with --boot"}
		}
		q.boot = bootWords(boot)
		q.unmodelled = append(q.unmodelled, "boots other than "+boot+", what one takes on a bad day by "+where+" (--boot 45s..60s says a range)")
	}
	return nil
}

// declaredBoot is how long somebody wrote down that a boot takes, "" where nobody did, and where that stands.
func declaredBoot(p *probedContainer) (boot, where string) {
	d := p.Snapshot.DeclaredOf(p.Workload)
	if d.Boot <= 0 {
		return "", ""
	}
	where = d.File
	if w := p.Workload; where == "" || w.Annotations[cluster.BootAnnotation] != "" || w.Template.Annotations[cluster.BootAnnotation] != "" {
		where = "the annotation " + cluster.BootAnnotation
	}
	boot = d.Boot.String()
	if minutes, whole := strings.CutSuffix(boot, "m0s"); whole {
		boot = minutes + "m"
	}
	return boot, where
}

// healthOf reads off a manifest how endpoints answer, and says what it had to assume.
func healthOf(p *probedContainer) (fleet.Health, []string) {
	c := p.Container
	ask := func(x *corev1.Probe) string {
		switch {
		case x == nil:
			return ""
		case x.HTTPGet != nil:
			return fmt.Sprint(x.HTTPGet.Port.String(), x.HTTPGet.Path)
		case x.TCPSocket != nil:
			return "tcp " + x.TCPSocket.Port.String()
		case x.GRPC != nil:
			return fmt.Sprint("grpc ", x.GRPC.Port)
		}
		return "exec"
	}
	own := func(x *corev1.Probe) bool { return (x.HTTPGet != nil || x.GRPC != nil) && !p.shares(x) }
	live, ready := c.LivenessProbe, c.ReadinessProbe
	if (live != nil || ready != nil) && (live == nil || own(live)) && (ready == nil || own(ready)) && ask(live) != ask(ready) {
		h := fleet.ThreeTruths()
		h.Drain = 0
		return h, []string{"whether the endpoints say the truth: liveness is taken to answer while booting and to fail in a deadlock (fairway probe verify finds out)"}
	}
	return fleet.OneHealth(false), []string{"what the endpoints ask: they are taken to wait in the queue behind the requests, and to ask no dependency (--health says otherwise)"}
}

// aroundOf takes the controllers from the manifests, and says what of them is not followed. The error is that of one that no API server takes.
func aroundOf(p *probedContainer, s *fleet.Scenario) (unmodelled []string, err error) {
	amount := func(v *intstr.IntOrString) *fleet.Amount {
		if v == nil {
			return nil
		}
		if v.Type == intstr.String {
			var n int
			if _, err := fmt.Sscanf(v.StrVal, "%d%%", &n); err != nil {
				return nil
			}
			return &fleet.Amount{Number: n, Percent: true}
		}
		return &fleet.Amount{Number: int(v.IntVal)}
	}
	w := p.Workload
	switch t := w.Typed.(type) {
	case *appsv1.Deployment:
		s.Rollout.MinReady = seconds(t.Spec.MinReadySeconds)
		if u := t.Spec.Strategy.RollingUpdate; u != nil {
			s.Rollout.MaxSurge, s.Rollout.MaxUnavailable = amount(u.MaxSurge), amount(u.MaxUnavailable)
		}
		if t.Spec.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
			s.Rollout.MaxSurge, s.Rollout.MaxUnavailable = &fleet.Amount{}, &fleet.Amount{Number: 100, Percent: true}
			unmodelled = append(unmodelled, "that strategy Recreate waits until the old pods are gone: new ones come as the old ones go")
		}
	case *appsv1.StatefulSet:
		s.Ordered = true
		s.Rollout.MinReady = seconds(t.Spec.MinReadySeconds)
		s.Rollout.Parallel = t.Spec.PodManagementPolicy == "Parallel"
		if u := t.Spec.UpdateStrategy.RollingUpdate; u != nil && u.Partition != nil {
			s.Rollout.Partition = int(*u.Partition)
		}
		if t.Spec.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
			unmodelled = append(unmodelled, "that updateStrategy OnDelete replaces no pod by itself: they are replaced one after the other")
		}
	case *appsv1.DaemonSet:
		s.Rollout.MinReady = seconds(t.Spec.MinReadySeconds)
		s.Rollout.MaxSurge, s.Rollout.MaxUnavailable = &fleet.Amount{}, &fleet.Amount{Number: 1}
		if u := t.Spec.UpdateStrategy.RollingUpdate; u != nil {
			s.Rollout.MaxSurge, s.Rollout.MaxUnavailable = cmp.Or(amount(u.MaxSurge), s.Rollout.MaxSurge), cmp.Or(amount(u.MaxUnavailable), s.Rollout.MaxUnavailable)
		}
		unmodelled = append(unmodelled, "that each pod of a DaemonSet belongs to its node: one that is lost comes again on another")
		if t.Spec.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
			unmodelled = append(unmodelled, "that updateStrategy OnDelete replaces no pod by itself")
		}
	default:
		if !w.Is("", "Pod") {
			unmodelled = append(unmodelled, "how "+w.Kind+" replaces pods: as a Deployment does by default")
		}
	}
	for _, o := range p.Snapshot.BudgetsOf(w) {
		b := cluster.As[*policyv1.PodDisruptionBudget](o)
		if b == nil {
			continue
		}
		if err := acceptable(o); err != nil {
			return nil, err
		}
		if s.Budget != nil {
			unmodelled = append(unmodelled, "that two disruption budgets on one pod forbid every eviction: the last one counts")
		}
		s.Budget = &fleet.Budget{MinAvailable: amount(b.Spec.MinAvailable), MaxUnavailable: amount(b.Spec.MaxUnavailable),
			AlwaysAllow: b.Spec.UnhealthyPodEvictionPolicy != nil && *b.Spec.UnhealthyPodEvictionPolicy == "AlwaysAllow"}
		if s.Budget.MinAvailable == nil && s.Budget.MaxUnavailable == nil {
			s.Budget = nil
		}
	}
	for _, o := range p.Snapshot.ScalersOf(w) {
		h := cluster.As[*autoscalingv2.HorizontalPodAutoscaler](o)
		if h == nil {
			unmodelled = append(unmodelled, "the "+o.Kind+" "+o.Name+": the number of pods stays")
			continue
		}
		if err := acceptable(o); err != nil {
			return nil, err
		}
		a := &fleet.Autoscaler{Min: 1, Max: int(h.Spec.MaxReplicas)}
		if h.Spec.MinReplicas != nil {
			a.Min = int(*h.Spec.MinReplicas)
		}
		others := 0
		for i := range h.Spec.Metrics {
			if target := cluster.CPUTarget(&h.Spec.Metrics[i]); target != 0 {
				a.Target = float64(target) / 100
			} else {
				others++
			}
		}
		switch {
		case len(h.Spec.Metrics) == 0:
			a.Target = 0.8 // what the API server adds (pkg/apis/autoscaling/v2/defaults.go)
		case a.Target == 0:
			unmodelled = append(unmodelled, "the autoscaler "+o.Name+", as it does not go by CPU: the number of pods stays")
			continue
		case others > 0:
			unmodelled = append(unmodelled, "what the autoscaler "+o.Name+" goes by besides CPU")
		}
		if h.Spec.Behavior != nil {
			unmodelled = append(unmodelled, "the behavior of the autoscaler "+o.Name+": the default rates are taken")
		}
		unmodelled = append(unmodelled, "what the pods request: for the autoscaler one that is fully used uses 100 % of it")
		s.Scaler = a
		s.Replicas = max(s.Replicas, a.Min)
	}
	return unmodelled, nil
}

// fromFlags takes a column from the flags: an edit of today's, or the only one.
func (f *probeSimulateFlags) fromFlags(q *question) error {
	if f.startup == "" && f.ready == "" && f.live == "" && f.health == "" {
		return nil
	}
	c := configuration{name: "as asked", health: fleet.OneHealth(false)}
	if len(q.configs) > 0 {
		c = q.configs[len(q.configs)-1]
		c.name = "your edit"
	} else {
		q.title = "probes from flags"
	}
	for _, x := range []struct {
		text string
		to   **probesim.Probe
	}{{f.startup, &c.spec.Startup}, {f.ready, &c.spec.Readiness}, {f.live, &c.spec.Liveness}} {
		if x.text == "" {
			continue
		}
		p, err := parseProbe(x.text)
		if err != nil {
			return err
		}
		*x.to = p
	}
	if f.health != "" {
		h, err := parseHealth(f.health)
		if err != nil {
			return err
		}
		c.health = h
	}
	q.configs = append(q.configs, c)
	return nil
}

// addCompared adds the columns that --compare names.
func (f *probeSimulateFlags) addCompared(ctx context.Context, e Env, q *question, args []string) error {
	for _, name := range f.compare {
		switch name {
		case "golden-path":
			c, err := goldenProbes(q.common)
			if err != nil {
				return err
			}
			q.configs = append(q.configs, c)
		case "three-truths":
			c := q.configs[0]
			c.name, c.health = "three truths, same numbers", fleet.ThreeTruths()
			q.configs = append(q.configs, c)
		default:
			if len(args) == 0 {
				return &problem.Problem{What: "--compare with a manifest needs a workload to look for in it", Where: name, Next: "name the workload, such as deploy/koreserver, or compare with golden-path"}
			}
			if _, err := os.Stat(name); errors.Is(err, fs.ErrNotExist) && !strings.ContainsAny(name, "./\\") {
				return &problem.Problem{What: "nothing is called so that could be compared with", Where: "--compare " + name, Next: "take golden-path, three-truths, or a file that holds the workload"}
			}
			w := workloadFlags{files: []string{name}, container: f.workload.container}
			p, err := w.find(ctx, e, args[0])
			if err != nil {
				return err
			}
			h, _ := healthOf(p)
			q.configs = append(q.configs, configuration{name: filepath.Base(name), spec: p.Spec, health: h})
		}
	}
	return nil
}

// goldenProbes are the probes that the golden path for stateless services, or for stateful ones, writes for a scenario's boot time.
func goldenProbes(s fleet.Scenario) (c configuration, err error) {
	own, err := ownCatalogue()
	if err != nil {
		return c, err
	}
	shape := "stateless-service"
	if s.Ordered {
		shape = "stateful-service"
	}
	path, err := own.Path(shape)
	if err != nil {
		return c, err
	}
	slowest := max(int(s.Boot.Quantile(0.99).Round(1e9).Seconds()), 1)
	text := append(path.Least(), fmt.Sprintf("\nboot: %ds\n", slowest)...)
	service, faults := goldenpath.ReadService(path, source.Parse(ServiceFile, text), nil)
	if len(faults) > 0 {
		return c, faultsProblem(faults)
	}
	files, err := service.Render()
	if err != nil {
		return c, err
	}
	for _, x := range files {
		if x.Name != "deploy/base/deployment.yaml" && x.Name != "deploy/base/statefulset.yaml" {
			continue
		}
		for _, w := range lint.Snapshot(load.Strings(map[string]string{x.Name: string(x.Data)})).Workloads {
			main, err := probedOf(w, "")
			if err != nil {
				return c, err
			}
			spec, _ := specOf(w, main)
			return configuration{name: path.Name(), spec: spec, health: fleet.ThreeTruths()}, nil
		}
	}
	return c, fmt.Errorf("the golden path writes no workload")
}

// answer runs everything, as many runs at once as there are processors.
func (q *question) answer(ctx context.Context) (*report.Simulation, error) {
	out := &report.Simulation{Title: q.title, Seeds: q.seeds, First: q.seed, Faults: q.faults, Unmodelled: slices.Clone(q.unmodelled)}
	load := "no requests"
	if u := q.common.Load.Utilization; u > 0 {
		load = fmt.Sprintf("requests for %.0f %% of its capacity", u*100)
	}
	version := q.common.Version
	if version == 0 {
		version = probesim.Newest
	}
	out.Given = fmt.Sprintf("%s, %s, %s, Kubernetes %v", report.Count(max(q.common.Replicas, 1), "replica", "replicas"), q.boot, load, version)
	for _, c := range q.configs {
		column := report.SimulationColumn{Name: c.name, Scenario: q.scenario(c, fleet.Fault{})}
		for i, x := range q.faults {
			s := q.scenario(c, x)
			runs, err := runAll(ctx, s, q.seed, q.seeds)
			if err != nil {
				return nil, err
			}
			column.Answers = append(column.Answers, s.Sum(runs))
			if i == out.Drawn {
				column.Trace = &fleet.Trace{}
				s.Run(q.seed, column.Trace)
			}
		}
		out.Columns = append(out.Columns, column)
	}
	out.Follows = follows(out)
	return out, nil
}

func runAll(ctx context.Context, s fleet.Scenario, first uint64, n int) ([]fleet.Run, error) {
	runs := make([]fleet.Run, n)
	var wait sync.WaitGroup
	workers := min(runtime.GOMAXPROCS(0), n)
	for w := range workers {
		wait.Go(func() {
			for i := w; i < n && ctx.Err() == nil; i += workers {
				runs[i] = s.Run(first+uint64(i), nil)
			}
		})
	}
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return nil, &problem.Problem{What: "stopped before all runs were made", Next: "run the command again, with fewer --seeds", Exit: problem.ExitIncomplete, Err: err}
	}
	return runs, nil
}

// follows are the findings that the answers support.
func follows(s *report.Simulation) (out []string) {
	for _, c := range s.Columns {
		boots, cascade := false, false
		for i, a := range c.Answers {
			boots = boots || a.KilledBooting.Value > killedShare || a.Closed > killedShare
			cascade = cascade || a.Extra.Low >= 1 && s.Faults[i].Kind != fleet.Start && c.Scenario.Load.Utilization > 0 && a.Recovers.Count < a.Recovers.Of
		}
		if boots {
			rule := "probe-budget-too-short"
			switch {
			case c.Scenario.Spec.Startup == nil:
				rule = "probe-startup-missing"
			case c.Answers[0].Closed <= killedShare: // the budget is enough, and liveness kills past the gate
				rule = "startup-gate-leaks"
			}
			out = append(out, fmt.Sprintf("%s: probes kill boots that would have succeeded    fairway explain %s", c.Name, rule))
		}
		if cascade {
			out = append(out, fmt.Sprintf("%s: restarts cause restarts, and the fleet does not come back by itself    fairway explain probes-identical", c.Name))
		}
	}
	return out
}

// examples are the story that Fairway comes from: one /health in three probes, a boot of 45 to 60 seconds, and what three truths do instead.
func examples(which string, seeds int, seed uint64) ([]*question, error) {
	boot := "45s..60s"
	b, err := parseBoot(boot)
	if err != nil {
		return nil, err
	}
	golden, err := goldenProbes(fleet.Scenario{Boot: b})
	if err != nil {
		return nil, err
	}
	one := configuration{name: "one /health", health: fleet.OneHealth(false)}
	one.spec.Readiness, _ = parseProbe("3x10")
	one.spec.Liveness, _ = parseProbe("3x10")
	golden.name = "three truths (" + golden.name + ")"
	alone := &question{title: "one pod of koreserver boots", simulation: simulation{boot: bootWords(boot), seeds: seeds, seed: seed, configs: []configuration{one, golden},
		common: fleet.Scenario{Boot: b, Replicas: 1, For: 10 * 60e9}, faults: []fleet.Fault{{Kind: fleet.Start}}}}
	startup := one
	startup.name = "one /health and a startup probe"
	startup.spec.Startup, _ = parseProbe("30x10")
	together := &question{title: "ten pods of koreserver, three of them crash", simulation: simulation{boot: bootWords(boot), seeds: seeds, seed: seed, configs: []configuration{one, startup, golden},
		common: fleet.Scenario{Boot: b, Replicas: 10, Load: fleet.Load{Utilization: 0.8}, For: 20 * 60e9}, faults: []fleet.Fault{{Kind: fleet.Crash, Pods: 3, At: 2 * 60e9}}}}
	asked := map[string][]*question{"boot": {alone}, "cascade": {together}, "story": {alone, together}}[which]
	for _, q := range asked {
		if err := q.valid(); err != nil {
			return nil, err
		}
	}
	return asked, nil
}
