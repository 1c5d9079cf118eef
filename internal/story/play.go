package story

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fairway-k8s/fairway/internal/cli"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

// The images that a play needs on the node, by the folder of their program in examples.
var Images = map[string]string{
	"localhost/koreserver:1.0.0":   "koreserver",
	"localhost/sessionstore:1.0.0": "koreserver/sessionstore",
}

const (
	namespace = "dialog"
	manifests = "deploy/koreserver.yaml" // in the play's folder
	replicas  = 2                        // in the copied manifests
	boot      = 20 * time.Second         // there as well; 30-60 s in the story, and as much more than the 10-15 s that the probes allow

	watched = 45 * time.Second // how long the copied manifests are watched: three lives of a container
	away    = 20 * time.Second // how long the store is away: longer than the 10-15 s until liveness gives up
	// How long to wait before pods that are ready are believed: a container that liveness gave up answers for the 10 s of its preStop pause.
	settled = 12 * time.Second
	limit   = 3 * time.Minute // for any one wait; the longest should take one
	items   = 40              // in a cart
)

// aboutProbes are the rules that the story is about; lint says more of these manifests.
const aboutProbes = "probes-identical,probe-startup-missing"

// Play is one telling of the story, on a cluster that has the images.
type Play struct {
	Cluster Cluster
	// Examples is the folder of that name. The current folder is the play's own: it is empty at first and in the end holds the mended manifests.
	Examples string
	Narrator *Narrator

	record Record
	url    string // of koreserver's Service
}

// Run plays all acts, in about four minutes, and returns what was measured.
func (p *Play) Run(ctx context.Context) (*Record, error) {
	p.record = Record{SchemaVersion: SchemaVersion}
	for _, act := range []func(context.Context) error{p.setUp, p.copied, p.lint, p.mend, p.outage, p.adopt, p.again, p.carts} {
		if err := act(ctx); err != nil {
			return nil, err
		}
	}
	return &p.record, nil
}

// setUp brings what is there before koreserver comes.
func (p *Play) setUp(ctx context.Context) error {
	out, _, err := p.Cluster.Run(ctx, "", "version", "-o", "json")
	if err != nil {
		return err
	}
	var v struct {
		ServerVersion struct {
			GitVersion string `json:"gitVersion"`
		} `json:"serverVersion"`
	}
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		return fmt.Errorf("what kubectl version prints: %w", err)
	}
	p.record.Kubernetes = v.ServerVersion.GitVersion
	for _, file := range []string{"sessionstore/deploy.yaml", "memory.yaml"} {
		if err := p.kubectl(ctx, "apply", "-f", filepath.Join(p.Examples, "koreserver", file)); err != nil {
			return err
		}
	}
	if err := p.kubectl(ctx, "-n", namespace, "rollout", "status", "deployment/sessions", "--timeout="+limit.String()); err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(p.Examples, "koreserver/copied/koreserver.yaml"))
	if err != nil {
		return err
	}
	if p.record.Replicas, p.record.BootSeconds, err = size(data); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(manifests), 0o755); err != nil {
		return err
	}
	return store.WriteFile(manifests, data)
}

// size reads how many pods there are and how long they boot, which is 30-60 s in the story and shorter here: longer than the 10-15 s that
// the copied probes allow, and not much.
func size(manifest []byte) (replicas int, bootSeconds float64, err error) {
	spec := source.Parse(manifests, manifest).Docs[0].Root.Get("spec")
	n, ok := spec.Get("replicas").Int()
	arg, found := spec.Find(source.MustPath("template.spec.containers[0].args[0]"))
	if !ok || !found {
		return 0, 0, errors.New("the copied manifests do not begin with a Deployment that says replicas and args")
	}
	boot, err := time.ParseDuration(strings.TrimPrefix(arg.Value.Text(), "--boot="))
	return int(n), boot.Seconds(), err
}

// copied is the first tranche: the manifests of a service that boots fast, for one that does not.
func (p *Play) copied(ctx context.Context) error {
	n := p.Narrator
	n.step("The copied probes")
	n.why("koreserver boots in %.0f s here. Its manifests are those of a service that boots in 3 s:\none /health for readiness and liveness, every 5 s, three times.", p.record.BootSeconds)
	r, err := p.rollout(ctx, watched)
	p.record.Copied = r
	if err == nil {
		n.result(true, "%.0f s: %d of %d ready, %d restarts; %d of %d requests failed", r.Seconds, r.Ready, p.record.Replicas, r.Restarts, r.Visitors.Failed, r.Visitors.Requests)
	}
	return err
}

// lint asks fairway for the cause.
func (p *Play) lint(ctx context.Context) error {
	n := p.Narrator
	n.step("What fairway lint says")
	n.why("Of the probes; there is more to say of these manifests.")
	if err := p.show(ctx, "lint", "--rule", aboutProbes, "deploy"); err != nil {
		return err
	}
	all, err := p.findings(ctx)
	if err != nil {
		return err
	}
	p.record.Lint.Must, p.record.Lint.Should, p.record.Lint.Causes = all.must, all.should, all.probes
	n.result(true, "%d must, %d should; the cause is named before anything is deployed", all.must, all.should)
	return nil
}

// mend lets fairway mend what can be mended without knowing the program, and rolls out again.
func (p *Play) mend(ctx context.Context) error {
	n := p.Narrator
	n.step("The same rollout, mended by fairway lint --fix")
	n.why("Nothing of the program changes. The boot gets a startup probe that gives it time; the other mends\nare about how a pod leaves, spreads and is locked down.")
	before, err := p.findings(ctx)
	if err != nil {
		return err
	}
	if err := p.show(ctx, "lint", "--diff", "--rule", aboutProbes, "deploy"); err != nil {
		return err
	}
	n.command("fairway lint --fix deploy >left.txt")
	_, said, err := p.fairway(ctx, "lint", "--fix", "deploy")
	if err != nil {
		return err
	}
	n.quote(said)
	after, err := p.findings(ctx)
	if err != nil {
		return err
	}
	p.record.Lint.Mended, p.record.Lint.Left = before.all-after.all, after.probes
	r, err := p.rollout(ctx, 0)
	p.record.Mended = r
	if err == nil {
		n.result(r.Restarts > 0, "%.0f s: %d of %d ready, %d restarts", r.Seconds, r.Ready, p.record.Replicas, r.Restarts)
	}
	return err
}

// outage shows what the rule probes-identical is about, which only the program can mend.
func (p *Play) outage(ctx context.Context) error {
	n := p.Narrator
	n.step("The store of sessions goes away for a moment")
	n.why("One truth is left: /health asks the store too, and liveness asks /health. The requests here need no store.")
	var err error
	if p.record.Outage, err = p.without(ctx); err == nil {
		p.tell(p.record.Outage)
	}
	return err
}

// adopt is the developers' change and fairway's: three truths, and a golden path.
func (p *Play) adopt(ctx context.Context) error {
	n := p.Narrator
	n.step("Three truths, by fairway adopt")
	n.why("The developers give the program three endpoints on a listener of its own, --truths=three,\nand take the copied probes out. fairway adopt brings what the golden path stateless-service has.")
	if err := edit(manifests, threeTruths...); err != nil {
		return err
	}
	if err := p.show(ctx, "adopt", "deploy", "--owner", "dialog", "--assume-health-endpoints", "--write"); err != nil {
		return err
	}
	after, err := p.findings(ctx)
	if err != nil {
		return err
	}
	p.record.Lint.After = after.probes
	s := newShopper(p.url)
	if err := s.add(ctx, items/2); err != nil {
		return err
	}
	r, err := p.rollout(ctx, 0)
	p.record.Adopted = r
	if err != nil {
		return err
	}
	if err := s.add(ctx, items/2); err != nil {
		return err
	}
	if p.record.Store, err = s.look(ctx); err != nil {
		return err
	}
	n.result(r.Restarts > 0, "%.0f s: %d of %d ready, %d restarts", r.Seconds, r.Ready, p.record.Replicas, r.Restarts)
	v := r.Visitors
	n.result(v.Failed+v.LongFailed > 0, "while all pods were replaced %d of %d requests failed, and %d of %d conversations of %.0f s", v.Failed, v.Requests, v.LongFailed, v.Long, long.Seconds())
	return nil
}

// again is the outage again.
func (p *Play) again(ctx context.Context) error {
	p.Narrator.step("The store goes away once more")
	p.Narrator.why("Liveness asks whether the process works, readiness whether this pod can answer. Neither asks the store.")
	var err error
	if p.record.Again, err = p.without(ctx); err == nil {
		p.tell(p.record.Again)
	}
	return err
}

// carts compares what two places for sessions lose.
func (p *Play) carts(ctx context.Context) error {
	n := p.Narrator
	n.step("Sessions that live in one pod")
	n.why("One visitor puts %d items into a cart, one request each; two pods answer in turn.", items)
	url, err := p.service(ctx, "koreserver-memory")
	if err != nil {
		return err
	}
	s := newShopper(url)
	if err := s.add(ctx, items); err != nil {
		return err
	}
	if p.record.Memory, err = s.look(ctx); err != nil {
		return err
	}
	m, r := p.record.Memory, p.record.Store
	n.result(m.Found < m.Added, "in the memory of a pod: %d of %d items, and nobody was told", m.Found, m.Added)
	n.result(r.Found < r.Added, "in a store, across the rollout above: %d of %d", r.Found, r.Added)
	return nil
}

// rollout applies the manifests and waits until they are rolled out, or watches for a while when that is not to be expected.
func (p *Play) rollout(ctx context.Context, watched time.Duration) (r Rollout, err error) {
	n := p.Narrator
	w, stop := watch(ctx, p.Cluster, true, func(ready, restarts int) { n.seen("%s ready, %s", count(ready, "new pod"), count(restarts, "restart")) })
	defer stop()
	n.command("kubectl apply -f deploy")
	began := time.Now()
	if err := p.kubectl(ctx, "apply", "-f", filepath.Dir(manifests)); err != nil {
		return r, err
	}
	if p.url, err = p.service(ctx, "koreserver"); err != nil {
		return r, err
	}
	leave := visit(ctx, p.url)
	if watched > 0 {
		pause(ctx, watched)
		r.Complete = w.allReady(p.record.Replicas)
	} else {
		err = p.kubectl(ctx, "-n", namespace, "rollout", "status", "deployment/koreserver", "--timeout="+limit.String())
		r.Complete = err == nil
	}
	r.Seconds = tenths(time.Since(began))
	r.Visitors, _ = leave()
	w.look(ctx)
	if err := stop(); err != nil {
		return r, err
	}
	r.Ready, r.Restarts = w.state()
	var message string
	if r.Killed, message, err = w.kills(ctx); message != "" {
		n.seen("event: %s", message)
	}
	if err == nil && watched == 0 && !r.Complete {
		err = fmt.Errorf("the rollout came to %d of %d ready pods in %.0f s; %s", r.Ready, p.record.Replicas, r.Seconds, p.waiting(ctx))
	}
	return r, err
}

// waiting says what the scheduler says of pods that it found no place for, or that it placed all.
func (p *Play) waiting(ctx context.Context) string {
	out, _, err := p.Cluster.Run(ctx, "", "-n", namespace, "get", "pods", `-o=jsonpath={range .items[*]}{.status.conditions[?(@.type=="PodScheduled")].message}{"\n"}{end}`)
	if said := strings.Fields(out); err == nil && len(said) > 0 {
		return "the scheduler says: " + strings.SplitN(strings.TrimSpace(out), "\n", 2)[0]
	}
	return "all pods have a node; a busy machine may be too slow for the probes"
}

// without takes the store away for a while and waits until all is well again.
func (p *Play) without(ctx context.Context) (o Outage, err error) {
	n := p.Narrator
	w, stop := watch(ctx, p.Cluster, false, func(ready, restarts int) { n.seen("%s ready, %s", count(ready, "pod"), count(restarts, "restart")) })
	defer stop()
	leave := visit(ctx, p.url)
	scale := func(replicas string) error {
		n.command("kubectl scale deployment/sessions --replicas=" + replicas)
		return p.kubectl(ctx, "-n", namespace, "scale", "deployment/sessions", "--replicas="+replicas)
	}
	if err := scale("0"); err != nil {
		return o, err
	}
	began := time.Now()
	pause(ctx, away)
	if err := scale("1"); err != nil {
		return o, err
	}
	if err := p.kubectl(ctx, "-n", namespace, "rollout", "status", "deployment/sessions", "--timeout="+limit.String()); err != nil {
		return o, err
	}
	back := time.Now()
	o.AwaySeconds = tenths(back.Sub(began))
	pause(ctx, settled)
	for end := time.Now().Add(limit); !w.allReady(p.record.Replicas); pause(ctx, 200*time.Millisecond) {
		if err := ctx.Err(); err != nil {
			return o, err
		}
		if time.Now().After(end) {
			return o, fmt.Errorf("koreserver is not ready %s after the store was back", limit)
		}
	}
	var silences []span
	o.Visitors, silences = leave()
	o.LateSeconds = tenths(after(silences, back))
	if err := stop(); err != nil {
		return o, err
	}
	_, o.Restarts = w.state()
	return o, nil
}

// tell tells an outage's figures.
func (p *Play) tell(o Outage) {
	v := o.Visitors
	p.Narrator.result(o.Restarts > 0, "the store was away for %.0f s: %d restarts; %d of %d requests failed", o.AwaySeconds, o.Restarts, v.Failed, v.Requests)
	if v.SilenceSeconds > 0 {
		p.Narrator.result(true, "nobody was answered for %.0f s, %.0f s of it after the store was back", v.SilenceSeconds, o.LateSeconds)
	}
}

// kubectl runs a command whose output nobody needs.
func (p *Play) kubectl(ctx context.Context, args ...string) error {
	_, _, err := p.Cluster.Run(ctx, "", args...)
	return err
}

// service is the URL of a Service's own address, which this machine has a route to.
func (p *Play) service(ctx context.Context, name string) (string, error) {
	ip, _, err := p.Cluster.Run(ctx, "", "-n", namespace, "get", "service", name, "-o", "jsonpath={.spec.clusterIP}")
	return "http://" + ip, err
}

// show runs fairway as from the command line, and shows what it says.
func (p *Play) show(ctx context.Context, args ...string) error {
	p.Narrator.command("fairway " + strings.Join(args, " "))
	out, said, err := p.fairway(ctx, args...)
	p.Narrator.quote(out + said)
	return err
}

// fairway runs fairway in this process, with the current folder as its own, and returns its standard output and standard error. Findings
// are no error.
func (p *Play) fairway(ctx context.Context, args ...string) (string, string, error) {
	var out, said bytes.Buffer
	env := cli.Env{Stdin: strings.NewReader(""), Stdout: &out, Stderr: &said, Getenv: func(string) string { return "" }, Now: time.Now, Terminal: p.Narrator.Color, Width: 96}
	if code := cli.Run(ctx, append([]string{"fairway"}, args...), env); code > 1 {
		return "", "", fmt.Errorf("fairway %s: exit code %d: %s", strings.Join(args, " "), code, strings.TrimSpace(said.String()))
	}
	return out.String(), said.String(), nil
}

// found is what lint finds in the manifests now.
type found struct {
	all, must, should int
	probes            []string // about probes, as RULE: message
}

func (p *Play) findings(ctx context.Context) (f found, err error) {
	out, _, err := p.fairway(ctx, "lint", "-o", "json", "deploy")
	if err != nil {
		return f, err
	}
	var report struct {
		Findings []struct{ Rule, Severity, Message string }
		Summary  struct{ Must, Should int }
	}
	if err := json.Unmarshal([]byte(out), &report); err != nil {
		return f, fmt.Errorf("what fairway lint -o json prints: %w", err)
	}
	f.all, f.must, f.should, f.probes = len(report.Findings), report.Summary.Must, report.Summary.Should, []string{}
	for _, x := range report.Findings {
		if slices.Contains(strings.Split(aboutProbes, ","), x.Rule) {
			f.probes = append(f.probes, x.Rule+": "+x.Message)
		}
	}
	return f, nil
}

// threeTruths is what the developers change in the Deployment.
var threeTruths = []source.Change{
	{Op: source.Remove, Path: container("startupProbe")},
	{Op: source.Remove, Path: container("readinessProbe")},
	{Op: source.Remove, Path: container("livenessProbe")},
	{Op: source.Set, Path: container("args[1]"), Value: source.String("--truths=three")},
	{Op: source.Set, Path: container("ports[1]"), Value: source.Map(source.F("name", source.String("health")), source.F("containerPort", source.Int(8081)))},
}

func container(field string) source.Path {
	return source.MustPath("spec.template.spec.containers[0]." + field)
}

// edit changes the first document of a file.
func edit(name string, changes ...source.Change) error {
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f := source.Parse(name, data)
	next, _, err := f.Apply(f.Docs[0].Root, changes...)
	if err != nil {
		return fmt.Errorf("change %s: %w", name, err)
	}
	return store.WriteFile(name, next.Data)
}

// names reports whether a finding is of a rule.
func names(findings []string, rule string) bool {
	return slices.ContainsFunc(findings, func(f string) bool { return strings.HasPrefix(f, rule+": ") })
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}
