package probeverify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fairway-k8s/fairway/internal/problem"
)

// Options say what is verified and how.
type Options struct {
	Probes  map[Endpoint]Probe // what is asked; a question that is missing is not asked
	Command []string           // the application; empty: it runs already, and faults that need the process are not checked
	Env     []string           // of the application, as os.Environ gives it

	Dependencies []Dependency
	Load         []string // URLs of ordinary requests, the first best one that takes a while; all are sent while a dependency is away
	Deadlock     string   // how to lock it up: a URL to POST to, a signal such as USR1, or arguments to start it with; "" for no way
	Goroutines   string   // URL of a text that says "goroutine profile: total N", as net/http/pprof does; "" for none
	SlowBoot     bool     // the boot gets a fifth of the CPU's time
	Replicas     int      // of the fleet that sentences speak of; 0: unknown
	PreStop      time.Duration
	Grace        time.Duration // terminationGracePeriodSeconds

	Only, Skip []string      // IDs of rows
	Budget     time.Duration // for everything; 0: no limit. Faults are shortened to fit, and what does not fit is not checked
	Times      Times

	// Remote says how the endpoints are reached when they are not on this machine, such as "a port-forward"; "" when they are. What an answer takes
	// and where it listens cannot be told then.
	Remote string
	Pod    string // that is asked, "" for none
	// Dial opens the connections to the endpoints, through a port-forward for example; nil: the network.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Progress is called before each row; nil: never.
	Progress func(done, of int, title string)
}

// Times are how long faults last. The zero value of each means that of Ordinary.
type Times struct {
	Boot     time.Duration // a boot takes at most this
	Listen   time.Duration // from the start until live answers, for a process that has nothing else to do yet
	Healthy  time.Duration
	Fault    time.Duration // a dependency is away
	Slow     time.Duration // by which a slow dependency's answers are late
	Recover  time.Duration // until ready is true again after a fault
	Overload time.Duration
	Starve   time.Duration
	Stop     time.Duration
	Deadlock time.Duration // live is false within this
	Spread   time.Duration // until all proxies know that a pod leaves
	Every    time.Duration // between two questions
}

// Ordinary are the times of the table of truths. Fault is longer than three rounds of a check in the background that runs every five seconds;
// Spread is what the news that a pod leaves takes to reach the proxies of a busy cluster.
var Ordinary = Times{
	Boot: 2 * time.Minute, Listen: time.Second, Healthy: 3 * time.Second, Fault: 20 * time.Second, Slow: 5 * time.Second, Recover: 30 * time.Second,
	Overload: 10 * time.Second, Starve: 30 * time.Second, Stop: 10 * time.Second, Deadlock: time.Minute, Spread: 3 * time.Second,
	Every: 50 * time.Millisecond,
}

func (t Times) orOrdinary() Times {
	for _, x := range []struct{ mine, ordinary *time.Duration }{
		{&t.Boot, &Ordinary.Boot}, {&t.Listen, &Ordinary.Listen}, {&t.Healthy, &Ordinary.Healthy}, {&t.Fault, &Ordinary.Fault}, {&t.Slow, &Ordinary.Slow},
		{&t.Recover, &Ordinary.Recover}, {&t.Overload, &Ordinary.Overload}, {&t.Starve, &Ordinary.Starve}, {&t.Stop, &Ordinary.Stop},
		{&t.Deadlock, &Ordinary.Deadlock}, {&t.Spread, &Ordinary.Spread}, {&t.Every, &Ordinary.Every},
	} {
		if *x.mine == 0 {
			*x.mine = *x.ordinary
		}
	}
	return t
}

// shortened multiplies the lengths of faults, not those of waits.
func (t Times) shortened(by float64) Times {
	for _, d := range []*time.Duration{&t.Healthy, &t.Fault, &t.Overload, &t.Starve, &t.Stop} {
		*d = max(time.Duration(float64(*d)*by), time.Second)
	}
	return t
}

// Report is the filled table.
type Report struct {
	Rows []Row // in the order of Rows
	Took time.Duration
}

// Count returns how many rows came to a verdict.
func (r *Report) Count(v Verdict) (n int) {
	for _, x := range r.Rows {
		if x.Verdict == v {
			n++
		}
	}
	return n
}

// bench is a run: the application on it, and what stands around it.
type bench struct {
	Options
	asker   *asker
	proxies []*proxy
	app     *process
	dead    error         // why it can be started no more
	boot    time.Duration // how long the last boot took
	end     time.Time
	subject *proxy              // of the row that runs
	plain   map[Endpoint]Answer // what the traps found, of the process that runs
}

// check is a row before it is run.
type check struct {
	id, title string
	kind      Kind
	process   bool // it needs the process
	each      bool // it is done for each dependency
	cost      func(Times) time.Duration
	run       func(context.Context, *bench, *Row) error
}

// Run verifies. When ctx ends it stops, leaves nothing behind, and returns what it has with a *problem.Problem. Any other error is one too:
// the command cannot be started, or a dependency cannot be reached.
func Run(ctx context.Context, o Options) (*Report, error) {
	o.Times = o.Times.orOrdinary()
	if len(o.Command) == 0 {
		o.Times.Boot = min(o.Times.Boot, 5*time.Second) // it runs already
		if o.Budget > 0 {
			o.Times.Boot = min(o.Times.Boot, o.Budget/3)
		}
	}
	if o.Remote != "" { // the way takes its time, and is not to be blamed on the application
		o.Times.Every = max(o.Times.Every, 500*time.Millisecond)
		o.Probes = maps.Clone(o.Probes)
		for e, p := range o.Probes {
			p.Timeout = max(p.Timeout, 5*time.Second)
			o.Probes[e] = p
		}
	}
	if o.Grace == 0 {
		o.Grace = 30 * time.Second
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	began := time.Now()
	b := &bench{Options: o, asker: newAsker(o.Dial, false)}
	defer b.close()
	for _, d := range o.Dependencies {
		p, err := b.stand(d)
		if err != nil {
			return nil, err
		}
		b.proxies = append(b.proxies, p)
	}
	plan := b.plan()
	if o.Budget > 0 {
		b.end = began.Add(o.Budget)
		var cost time.Duration
		for _, s := range plan {
			cost += s.check.cost(o.Times)
		}
		if cost > o.Budget {
			b.Times = o.Times.shortened(float64(o.Budget) / float64(cost))
		}
	}
	report := &Report{}
	for i, s := range plan {
		if o.Progress != nil {
			o.Progress(i, len(plan), s.title())
		}
		row := Row{ID: s.check.id, Title: s.title(), Kind: s.check.kind}
		if s.proxy != nil {
			row.Subject = s.proxy.Name
		}
		start := time.Now()
		err := b.inTime(ctx, s, &row)
		row.Took = time.Since(start)
		if ctx.Err() != nil {
			report.Took = time.Since(began)
			return report, &problem.Problem{What: "stopped before everything was checked", Why: fmt.Sprintf("%d of %d rows were", i, len(plan)), Exit: problem.ExitIncomplete,
				Next: "run the command again, with --time to bound it or --only ROW", Err: ctx.Err()}
		}
		why, isUnknown := errors.AsType[unknown](err)
		switch {
		case isUnknown:
			row.Verdict, row.Why = NotChecked, string(why)
		case err != nil:
			return nil, err
		case len(row.Faults) > 0:
			row.Verdict = Breaks
		default:
			row.Verdict = Holds
		}
		report.Rows = append(report.Rows, row)
	}
	report.Took = time.Since(began)
	return report, nil
}

// step is a check of the plan and the dependency that it is about.
type step struct {
	check *check
	proxy *proxy
}

func (s step) title() string {
	if s.proxy != nil {
		return strings.Replace(strings.Replace(s.check.title, "the dependency", s.proxy.Name, 1), "dependency", s.proxy.Name, 1)
	}
	return s.check.title
}

// plan lists what is done, in order.
func (b *bench) plan() (all []step) {
	for i := range checks {
		c := &checks[i]
		switch {
		case len(b.Only) > 0 && !slices.Contains(b.Only, c.id), slices.Contains(b.Skip, c.id):
		case c.each && len(b.proxies) > 0:
			for _, p := range b.proxies {
				all = append(all, step{c, p})
			}
		default:
			all = append(all, step{check: c})
		}
	}
	return all
}

// overtime is by how much a row may be late, so that one that is planned to the second comes to its end.
const overtime = time.Second

// inTime runs one step until the time for everything is over, whatever the application does: what was seen of a row by then proves nothing.
func (b *bench) inTime(all context.Context, s step, row *Row) error {
	ctx := all
	if !b.end.IsZero() {
		bounded, cancel := context.WithDeadline(all, b.end.Add(overtime))
		defer cancel()
		ctx = bounded
	}
	if ctx.Err() != nil {
		return b.row(ctx, s, row) // which says why it is not even begun
	}
	err := b.row(ctx, s, row)
	if _, broken := errors.AsType[*problem.Problem](err); broken || all.Err() != nil || ctx.Err() == nil {
		return err
	}
	row.Note, row.Cells, row.Faults = "", nil, nil
	return notChecked("the time of %s was over", brief(b.Budget))
}

// row runs one step, and leaves the application as it found it or dead.
func (b *bench) row(ctx context.Context, s step, row *Row) error {
	switch c := s.check; {
	case c.process && b.Remote != "":
		return notChecked("needs the process, and nothing is done to a cluster: start it here, with the command after --")
	case c.process && len(b.Command) == 0:
		return notChecked("needs the process: give the command after --")
	case c.each && s.proxy == nil:
		return notChecked("no dependency is named: --dependency NAME=HOST:PORT,shared")
	case !b.end.IsZero() && time.Until(b.end) < time.Second:
		return notChecked("the time of %s was over", brief(b.Budget))
	}
	b.subject = s.proxy
	if err := s.check.run(ctx, b, row); err != nil {
		return err
	}
	if b.app != nil && !b.app.alive() && !b.app.asked {
		row.fault("the application "+b.app.end(), "a process that ends is restarted, later and later: CrashLoopBackOff", "look at what it printed; nothing that this row does should end it")
	}
	return nil
}

// up starts the application unless it runs, and waits until it answers as a healthy one. The error says why the row cannot be checked, or is a
// *problem.Problem.
func (b *bench) up(ctx context.Context) error {
	switch {
	case b.dead != nil:
		return b.dead
	case b.app != nil && b.app.alive() || len(b.Command) == 0:
		err := b.healthy(ctx)
		if _, ok := errors.AsType[unknown](err); ok {
			b.dead = err
		}
		return err
	}
	if err := b.start(nil); err != nil {
		return err
	}
	if err := b.healthy(ctx); err != nil {
		b.dead = err
		return err
	}
	b.boot = time.Since(b.app.started)
	return nil
}

// start starts the application, with more arguments than the command has if need be.
func (b *bench) start(more []string) error {
	argv := slices.Concat(b.Command, more)
	env := slices.Clone(b.Env)
	for _, p := range b.proxies {
		for i := range argv {
			argv[i] = strings.ReplaceAll(argv[i], "{"+p.Name+"}", p.address)
		}
		env = append(env, p.Name+"="+p.address)
	}
	app, err := launch(argv, env)
	if err != nil {
		return &problem.Problem{What: "cannot start the application", Where: b.Command[0], Why: problem.Plain(err), Next: "correct the command after --", Err: err}
	}
	b.app, b.plain = app, nil
	return nil
}

// askAll asks all endpoints at the same time, as the kubelet does: those that stall cost the longest of their timeouts, not the sum.
func (b *bench) askAll(ask func(Probe) (Answer, error)) (map[Endpoint]Answer, error) {
	var (
		wg       sync.WaitGroup
		mu       sync.Mutex
		answers  = map[Endpoint]Answer{}
		failures []error
	)
	for e, p := range b.Probes {
		wg.Go(func() {
			a, err := ask(p)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				failures = append(failures, err)
				return
			}
			answers[e] = a
		})
	}
	wg.Wait()
	return answers, errors.Join(failures...)
}

// insistence is for how long an endpoint is asked that answers 400 to 499: a boot has other codes, and routes that are not there yet come soon.
const insistence = 10 * time.Second

// healthy waits until all questions are answered well.
func (b *bench) healthy(ctx context.Context) error {
	began := time.Now()
	var bad string
	var refused time.Time // since when it answers that it will not answer
	if until(ctx, b.Times.Boot, func() bool {
		bad = ""
		wont := false
		answers, err := b.askAll(func(p Probe) (Answer, error) { return b.asker.ask(ctx, p) })
		if err != nil {
			bad = err.Error()
		}
		for _, e := range Endpoints {
			if a, ok := answers[e]; ok && fails(a) {
				bad = fmt.Sprintf("%s answers %s", e, a)
				wont = wont || a.Code >= 400 && a.Code < 500
			}
		}
		if !wont {
			refused = time.Time{}
		} else if refused.IsZero() {
			refused = time.Now()
		}
		if wont && time.Since(refused) > insistence {
			return true
		}
		return bad == "" || b.app != nil && !b.app.alive()
	}) && bad == "" {
		return nil
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if b.app != nil && !b.app.alive() {
		return notChecked("it does not run: it %s", b.app.end())
	}
	why := fmt.Sprintf("it does not become healthy within %s: %s", brief(min(b.Times.Boot, time.Since(began))), bad)
	if b.app != nil {
		if said := b.app.said.last(1); said != "" {
			why += "; it said: " + said
		}
	}
	return unknown(why)
}

// stopApp ends the application.
func (b *bench) stopApp() {
	if b.app != nil {
		b.app.kill()
		b.app = nil
	}
}

func (b *bench) close() {
	b.stopApp()
	for _, p := range b.proxies {
		p.close()
	}
	b.asker.transport.CloseIdleConnections()
}

// stand puts a proxy before a dependency that answers.
func (b *bench) stand(d Dependency) (*proxy, error) {
	c, err := net.DialTimeout("tcp", d.Addr, 3*time.Second)
	if err != nil {
		return nil, &problem.Problem{What: "the dependency " + d.Name + " cannot be reached", Where: d.Addr, Why: plain(err),
			Next: "start it: a fault of what is away shows nothing", Err: err}
	}
	c.Close()
	p, err := newProxy(d, b.Times.Slow)
	if err != nil {
		return nil, &problem.Problem{What: "cannot listen for the dependency " + d.Name, Why: plain(err), Next: "let programs listen on 127.0.0.1", Err: err}
	}
	return p, nil
}

// check refuses options that make no sense.
func (o *Options) check() error {
	if len(o.Probes) == 0 {
		return &problem.Problem{What: "no endpoint is named", Next: "name them: http://127.0.0.1:8081/health/started .../ready .../live, or a workload such as deploy/koreserver"}
	}
	for _, e := range Endpoints {
		p, ok := o.Probes[e]
		if !ok {
			continue
		}
		r, err := http.NewRequest(http.MethodGet, p.URL, nil)
		switch {
		case err != nil || r.URL.Host == "" || r.URL.Scheme != "http" && r.URL.Scheme != "https":
			return &problem.Problem{What: fmt.Sprintf("%q is no URL that can be asked", p.URL), Where: string(e), Next: "write it as http://127.0.0.1:8081/health/" + string(e)}
		case len(o.Command) > 0 && !isHere(r.URL.Hostname()):
			return &problem.Problem{What: "a command is given, and " + r.URL.Host + " is another machine", Where: p.URL, Why: "what the command starts listens here, and faults are done to it alone",
				Next: "name the URL of this machine, such as http://127.0.0.1:8081" + r.URL.Path + "; or leave the command out to ask what runs there"}
		}
	}
	for _, ids := range [][]string{o.Only, o.Skip} {
		for _, id := range ids {
			if !slices.ContainsFunc(checks, func(c check) bool { return c.id == id }) {
				return &problem.Problem{What: fmt.Sprintf("there is no row %q", id), Next: "choose from " + strings.Join(IDs(), ", ")}
			}
		}
	}
	if len(o.Command) > 0 {
		if _, err := exec.LookPath(o.Command[0]); err != nil && !errors.Is(err, exec.ErrDot) {
			return &problem.Problem{What: "cannot start the application", Where: o.Command[0], Why: plainExec(err), Next: "correct the command after --", Err: err}
		}
	}
	return nil
}

// isLoopback reports whether a host is the loopback's name or one of its addresses.
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// isHere reports whether a host is this machine: a loopback address or name, or an address that it has.
func isHere(host string) bool {
	if isLoopback(host) || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip := net.ParseIP(host)
	if ip == nil {
		return false
	}
	if ip.IsUnspecified() {
		return true
	}
	mine, err := net.InterfaceAddrs()
	return err == nil && slices.ContainsFunc(mine, func(a net.Addr) bool {
		n, ok := a.(*net.IPNet)
		return ok && n.IP.Equal(ip)
	})
}

func plainExec(err error) string {
	if e, ok := errors.AsType[*exec.Error](err); ok {
		return problem.Plain(e.Err)
	}
	return err.Error()
}

// IDs returns the names of all rows in the order of the report.
func IDs() []string {
	ids := make([]string, len(checks))
	for i, c := range checks {
		ids[i] = c.id
	}
	return ids
}

// About is a row's name and what it is about.
type About struct {
	ID, Title string
	Kind      Kind
}

// Rows lists all rows in the order of the report.
func Rows() []About {
	all := make([]About, len(checks))
	for i, c := range checks {
		all[i] = About{c.id, c.title, c.kind}
	}
	return all
}

// Environ is the environment that an application is started with unless another one is given.
func Environ() []string { return os.Environ() }
