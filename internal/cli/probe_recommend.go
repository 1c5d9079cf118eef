package cli

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/probeplan"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/probesim/fleet"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
)

// probeRecommendFlags are the flags of fairway probe recommend.
type probeRecommendFlags struct {
	workload    workloadFlags
	boots       bootFlags
	utilisation float64
	out, plays  int
	fix, diff   bool
	output      choice
	color       choice
}

func newProbeRecommend(e Env) *cobra.Command {
	f := &probeRecommendFlags{output: choice{value: "text", choices: []string{"text", "json"}}, color: choice{value: "auto", choices: []string{"auto", "always", "never"}}}
	cmd := &cobra.Command{
		Use:   "recommend WORKLOAD",
		Short: "work out a workload's probes from how long it takes to boot",
		Long: "Recommend takes boots that were observed and searches all probes (periodSeconds 1 to 30, failureThreshold 1 to 60, timeoutSeconds 1 to 10,\n" +
			"of startup, readiness and liveness) for those that notice faults soonest while fewer than 1 in 10,000 boots are killed, fewer than\n" +
			"1 in 1,000 single faults restart other pods, and the rules of fairway lint hold. It says how sure that is, and prints them with reasons.\n\n" +
			"Boots come from a list (--boots: a duration a line, 41s or 41.3; >40s for a boot that was killed; 30s..40s for one that ended in between; or CSV\n" +
			"with the columns boot, killed, period, stratum), from the pods and events of a cluster (--live) or of an archive of one (--from), or from\n" +
			"the JSON that Prometheus answers to a range query over kube-state-metrics (--prometheus):\n\n" +
			"  curl -s 'http://prometheus:9090/api/v1/query_range' --data-urlencode 'start=...' --data-urlencode 'end=...' --data-urlencode 'step=15s' \\\n" +
			"    --data-urlencode 'query={__name__=~\"" + boottime.MetricStarted + "|" + boottime.MetricReady + "\",namespace=\"shop\",pod=~\"checkout-.*\"}'\n\n" +
			"Boots that were killed count for as long as they lasted: without them the slowest, which are what matters, would be missing. Kubernetes' timestamps\n" +
			"are whole seconds, and a finished boot is noticed at the next probe only; both are taken out again.\n\n" +
			"Boots of pods and of Prometheus are taken to have been watched by the probes of the manifest that is read. Where the pods had others, name\n" +
			"the manifest of that time with -f, or say how often they were asked with --watched-every.\n\n" +
			"With -f the manifest comes from files even when boots come from a cluster, so that --fix can write it. Where the workload has a service file\n" +
			"(fairway.yaml, in a folder that is named or above it in the repository), --fix sets boot: there, and fairway upgrade does the rest.\n\n" +
			"Exit codes: 0 the probes keep both limits, 1 no probes keep the rules, or those that do break a limit, 2 wrong usage, 3 the data cannot tell,\n" +
			"or part of it could not be read, 10 the cluster could not be asked. What would tell is said: more boots, or --utilisation.",
		Example: "  fairway probe recommend deploy/checkout -f deploy/ --boots boots.txt\n" +
			"  fairway probe recommend deploy/checkout --live -n shop\n" +
			"  fairway probe recommend deploy/checkout -f deploy/ --live -n shop --fix     measured there, written here\n" +
			"  fairway probe recommend deploy/checkout -f deploy/ --prometheus range.json --utilisation 0.7",
		Args: exactArgs(1, "a workload, such as deploy/checkout"),
	}
	flags := cmd.Flags()
	f.workload.add(cmd)
	flags.Lookup("live").Usage = "observe pods in a cluster: the context's namespace, or -n NAMESPACE"
	flags.Lookup("from").Usage = "observe pods in an archive of a cluster, as fairway dump --events writes it; - for standard input"
	flags.StringArrayVar(&f.boots.lists, "boots", nil, "file of boots, a duration a line or CSV; - for standard input")
	flags.StringArrayVar(&f.boots.prometheus, "prometheus", nil, "file with the answer of Prometheus to a range query")
	flags.DurationVar(&f.boots.every, "watched-every", 0, "how often the boots were looked at (default: the manifest's startup probe for pods and Prometheus, not at all for --boots)")
	flags.Float64Var(&f.utilisation, "utilisation", 0, "share of their capacity that all pods together use at the worst hour, 0 to 1; matters when liveness shares the workers of requests")
	flags.IntVar(&f.out, "out", 0, "pods that a single fault takes away (default: maxUnavailable, 1 at the least)")
	flags.IntVar(&f.plays, "plays", 40, "how often each single fault is played against a simulated fleet with the recommended probes; 3700 show the limit of 1 in 1,000")
	flags.BoolVar(&f.fix, "fix", false, "write the numbers into the manifest, or boot: into its service file")
	flags.BoolVar(&f.diff, "diff", false, "print what --fix would change as a unified diff, and change nothing")
	choiceFlag(cmd, &f.output, "output", "o", "how to show the answer")
	choiceFlag(cmd, &f.color, "color", "", "when to use colour")
	cmd.RunE = func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), e, args[0]) }
	return cmd
}

// mostBoots is how many boots are worked with; they take some ten seconds.
const mostBoots = 100_000

// recommendation is the answer.
type recommendation struct {
	*probedContainer
	observed *observed
	sample   *boottime.Sample
	question probeplan.Question
	plan     *probeplan.Plan // nil when there is none
	why      error           // why there is none
	today    asItIs
	played   []probeplan.Played
	playedAt float64 // utilisation
	declared cluster.Declared
	boot     time.Duration // what boot: of the service file has to be; 0 without one
}

// asItIs is what the manifest's own probes do.
type asItIs struct {
	killer string // the probe that gives a boot up; "" when none does
	budget [2]time.Duration
	killed boottime.Over
}

func (f *probeRecommendFlags) run(ctx context.Context, e Env, name string) error {
	if err := f.check(); err != nil {
		return err
	}
	l, err := f.workload.lived(ctx, e)
	if err != nil {
		return err
	}
	r := &recommendation{}
	if l == nil || len(f.workload.files) > 0 {
		files := workloadFlags{files: f.workload.files, container: f.workload.container, cluster: clusterFlags{namespace: f.workload.cluster.namespace}}
		r.probedContainer, err = files.find(ctx, e, name)
	} else {
		r.probedContainer, err = f.workload.in(l.in, name)
	}
	if err != nil {
		return err
	}
	if r.observed, err = f.boots.observe(e, r.probedContainer, l); err != nil {
		return err
	}
	if n := len(r.observed.boots); n > mostBoots {
		return &problem.Problem{What: fmt.Sprintf("%d boots are more than the %d that are worked with", n, mostBoots), Why: "the answer would take minutes, and be the same",
			Next: fmt.Sprintf("take some of them at random: shuf -n %d boots.txt", mostBoots)}
	}
	if len(r.observed.boots) == 0 {
		why := "nothing was found"
		for _, s := range r.observed.sources {
			for _, w := range leftWords(s.Left) {
				why += "; " + w
			}
		}
		return &problem.Problem{What: "there is no boot of " + report.Label(r.Workload.Ref) + " to go by", Why: why, Next: "time some boots and name them with --boots FILE, a duration a line", Exit: problem.ExitIncomplete}
	}
	f.work(r)
	if f.diff || f.fix {
		return f.mend(ctx, e, r)
	}
	return f.show(e, r)
}

// show writes the answer.
func (f *probeRecommendFlags) show(e Env, r *recommendation) error {
	var err error
	if f.output.value == "json" {
		err = writeJSON(e.Stdout, r.json())
	} else {
		err = say(e.Stdout, r.text(e.textWidth()))
	}
	if err != nil {
		return err
	}
	r.saysWhy(e)
	return r.exit()
}

// saysWhy tells on standard error why the exit code will be 3, and what would change it.
func (r *recommendation) saysWhy(e Env) {
	if r.plan == nil || r.plan.KilledVerdict == probeplan.Broken || r.plan.Cascade.Verdict == probeplan.Broken {
		return
	}
	if r.plan.KilledVerdict == probeplan.Unknown {
		note(e, "fairway: exit code 3: whether fewer than %s boots are killed cannot be told from %s\n  next: collect more boots; the probes above are the best for those that are there\n",
			shareWord(probeplan.MaxKilled), report.Count(len(r.sample.Boots), "boot", "boots"))
	}
	if c := r.plan.Cascade; c.Verdict == probeplan.Unknown {
		next := "say how busy the pods are at the worst hour, such as --utilisation 0.6"
		if r.question.Load.Pods == 0 {
			next = "write replicas into the manifest"
		}
		note(e, "fairway: exit code 3: whether one fault restarts other pods is not known: %s\n  next: %s; or give health a listener of its own\n", c.Why, next)
	}
}

// check refuses flags that do not go together.
func (f *probeRecommendFlags) check() error {
	given := f.workload.cluster.given()
	stdin := 0
	for _, name := range append(append([]string{f.workload.from}, f.boots.lists...), append(f.boots.prometheus, f.workload.files...)...) {
		if name == "-" {
			stdin++
		}
	}
	switch {
	case f.fix && f.diff:
		return &problem.Problem{What: "--fix and --diff exclude each other: one writes the files, the other leaves them as they are", Next: "look at the changes with --diff first, then make them with --fix"}
	case stdin > 1:
		return &problem.Problem{What: "standard input can be read once", Next: "name a file for one of the two"}
	case !f.workload.live && f.workload.from == "" && len(f.boots.lists)+len(f.boots.prometheus) == 0:
		return &problem.Problem{What: "there are no boots to go by", Next: "name a list with --boots FILE, or say where they were observed: --live, --from ARCHIVE, --prometheus FILE"}
	case !f.workload.live && given != "" && given != "--namespace":
		return &problem.Problem{What: given + " chooses a cluster, and none is asked", Next: "add --live to ask the cluster, or leave " + given + " out"}
	case f.utilisation < 0 || f.utilisation > 1 || math.IsNaN(f.utilisation):
		return &problem.Problem{What: fmt.Sprintf("a utilisation of %g is none", f.utilisation), Where: "--utilisation", Next: "give the share of the capacity that is used, between 0 and 1"}
	case f.out < 0, f.boots.every < 0, f.plays < 0:
		return &problem.Problem{What: "a number below zero makes no sense", Where: "--out, --watched-every, --plays", Next: "leave the flag out"}
	case (f.fix || f.diff) && f.output.value != "text":
		return &problem.Problem{What: "--fix and --diff take no --output " + f.output.value, Next: "leave one of the two out"}
	case (f.fix || f.diff) && (f.workload.live || f.workload.from != "") && len(f.workload.files) == 0:
		return &problem.Problem{What: "what a cluster holds is not changed in place: the next deployment would undo it", Next: "name the manifests as well: -f DIR"}
	case f.fix && len(f.workload.files) == 1 && f.workload.files[0] == "-":
		return &problem.Problem{What: "standard input cannot be changed in place", Next: "use --diff, or name the files with -f"}
	}
	return nil
}

// work makes the answer of what was read.
func (f *probeRecommendFlags) work(r *recommendation) {
	r.sample = boottime.NewSample(r.observed.boots)
	r.declared = r.Snapshot.DeclaredOf(r.Workload)
	r.question = probeplan.Question{Boots: r.sample, NoReadiness: r.Spec.Readiness == nil, NoLiveness: r.Spec.Liveness == nil,
		Shared: r.shares(r.Container.LivenessProbe), Load: probeplan.Load{Out: f.out, Utilisation: f.utilisation}}
	if n := r.Workload.Replicas; n != nil {
		r.question.Load.Pods = int(*n)
	}
	if f.out == 0 {
		r.question.Load.Out = unavailable(r.Workload)
	}
	command := func(p *corev1.Probe) bool { return p != nil && p.Exec != nil }
	r.question.Command = [3]bool{probesim.Startup: command(r.Container.StartupProbe), probesim.Readiness: command(r.Container.ReadinessProbe), probesim.Liveness: command(r.Container.LivenessProbe)}
	r.plan, r.why = probeplan.Search(r.question)
	if r.plan != nil && f.plays > 0 {
		r.played, r.playedAt = probeplan.Play(r.question, r.plan.Probes, f.plays)
		for _, x := range r.played {
			if x.Cascades.Count > 0 && x.Fault != fleet.SlowDep.String() { // whether requests wait for a dependency nobody has said
				r.plan.Cascade.Verdict, r.plan.Cascade.Probability = probeplan.Broken, x.Cascades.Value
				r.plan.Cascade.Why = fmt.Sprintf("in %d of %d plays of the fault %s probes restarted more pods than it struck", x.Cascades.Count, x.Cascades.Of, x.Fault)
				break
			}
		}
	}
	if r.declared.File != "" && r.plan != nil {
		// The path makes the probes, and grants 1.5 times boot whatever its period is.
		r.boot = time.Duration(math.Ceil(r.plan.Needed/probeplan.Headroom)) * time.Second
		r.plan.Grant(r.sample, probeplan.Headroom*r.boot.Seconds())
	}
	killer := r.Spec.Startup
	r.today.killer = "startup"
	if killer == nil {
		killer, r.today.killer = r.Spec.Liveness, "liveness"
	}
	if killer == nil {
		r.today.killer = ""
		return
	}
	r.today.budget[0], r.today.budget[1] = budgetOf(*killer)
	r.today.killed = probeplan.Killed(r.sample, *killer)
}

// exit returns the exit code that the answer asks for.
func (r *recommendation) exit() error {
	_, impossible := errors.AsType[*probeplan.Impossible](r.why)
	switch {
	case impossible:
		return exit(problem.ExitFindings)
	case r.plan.KilledVerdict == probeplan.Broken, r.plan.Cascade.Verdict == probeplan.Broken:
		return exit(problem.ExitFindings)
	case r.plan.KilledVerdict == probeplan.Unknown, r.plan.Cascade.Verdict == probeplan.Unknown:
		return exit(problem.ExitIncomplete)
	}
	return nil
}

// unavailable is how many pods a rollout takes away at a time; a crash takes one.
func unavailable(w *cluster.Workload) int {
	d := cluster.As[*appsv1.Deployment](w.Object)
	if d == nil || d.Spec.Strategy.RollingUpdate == nil || w.Replicas == nil {
		return 1
	}
	n, err := intstr.GetScaledValueFromIntOrPercent(d.Spec.Strategy.RollingUpdate.MaxUnavailable, int(*w.Replicas), false)
	if err != nil {
		return 1
	}
	return max(n, 1)
}
