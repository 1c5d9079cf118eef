package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/fairway-k8s/fairway/internal/boottime"
	"github.com/fairway-k8s/fairway/internal/probeplan"
	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/report"
)

// text is the answer for people, of that width at the most.
func (r *recommendation) text(width int) string {
	var b strings.Builder
	s := r.sample
	fmt.Fprintf(&b, "%s, container %s: %s, %d of them killed\n", report.Label(r.Workload.Ref), r.Container.Name, report.Count(len(s.Boots), "boot", "boots"), s.Killed)
	for _, x := range r.observed.sources {
		line := fmt.Sprintf("%s: %s", x.Name, report.Count(x.Boots, "boot", "boots"))
		if left := leftWords(x.Left); len(left) > 0 {
			line += "; left out: " + strings.Join(left, ", ")
		}
		if x.Note != "" {
			line += "; " + x.Note
		}
		entry(&b, width, "from", line)
	}
	b.WriteString("\n")
	b.WriteString(curveLines(s, r.planBudget(), min(width-4, 72)))
	b.WriteString("\n")
	for i, q := range [...]float64{0.5, 0.9, 0.99, 0.999} {
		label := ""
		if i == 0 {
			label = "boot"
		}
		entry(&b, width, label, quantileWords(s.Quantile(q)))
	}
	if n, at := hidden(s); n > 0 {
		entry(&b, width, "", fmt.Sprintf("%s killed at %s or later, and none was seen to take longer: a slower kind of boot may hide among them. Look again with probes that let them end",
			report.Count(n, "boot was", "boots were"), secondsWord(at)))
	}
	if groups := boottime.Strata(s.Boots); len(groups) > 1 {
		for _, g := range groups {
			of := boottime.NewSample(g)
			name := g[0].Stratum
			if name == "" {
				name = "others"
			}
			entry(&b, width, "", fmt.Sprintf("%s: %s, median %s, p90 %s", name, report.Count(len(g), "boot", "boots"), secondsWord(of.Quantile(0.5).Estimate), secondsWord(of.Quantile(0.9).Estimate)))
		}
	}
	entry(&b, width, "today", r.todayWords())
	if r.plan == nil {
		entry(&b, width, "none", r.why.Error())
		if x, ok := errors.AsType[*probeplan.Impossible](r.why); ok {
			entry(&b, width, "needed", x.Need+r.slowWords(x))
		}
		return b.String()
	}
	entry(&b, width, "then", fmt.Sprintf("a boot of up to %s is never killed", secondsWord(r.plan.Budget)))
	for i, line := range r.killedWords() {
		label := ""
		if i == 0 {
			label = "killed"
		}
		entry(&b, width, label, line)
	}
	entry(&b, width, "cascade", cascadeWords(r.plan.Cascade, r.question.Load))
	if line := r.playedWords(); line != "" {
		entry(&b, width, "", line)
	}
	b.WriteString("\n")
	if r.boot > 0 {
		fmt.Fprintf(&b, "# %s\n%s\n", r.declared.File, r.bootLine())
		fmt.Fprintf(&b, "\nnext: fairway probe recommend ... --fix sets it; fairway upgrade makes the probes of it\n")
		return b.String()
	}
	b.WriteString(r.yaml())
	if r.question.NoLiveness {
		b.WriteString("# No livenessProbe: there is none today, and one is only worth having when something in the process can tell that it is stuck.\n")
	}
	if r.question.NoReadiness {
		b.WriteString("# No readinessProbe: there is none today, so the container gets requests as soon as it has started.\n")
	}
	if want, have, short := r.deadline(); short {
		fmt.Fprintf(&b, "# and in spec\nprogressDeadlineSeconds: %d  # %s (today %d)\n", want, deadlineReason, have)
	}
	return b.String()
}

// entry writes a label and text that is folded beside it.
func entry(b *strings.Builder, width int, label, text string) {
	for i, line := range report.Wrap(text, max(width-11, 30)) {
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(b, "  %-8s %s\n", label, line)
	}
}

func (r *recommendation) planBudget() float64 {
	if r.plan == nil {
		return 0
	}
	return r.plan.Budget
}

// curveLines draws the share of boots that are still under way, from the start to the budget or the longest boot.
func curveLines(s *boottime.Sample, budget float64, width int) string {
	end := max(s.Curve.Last, budget) * 1.04
	if end == 0 || width < 20 {
		return ""
	}
	const bars = " ▁▂▃▄▅▆▇█"
	levels := []rune(bars)
	var line strings.Builder
	for i := range width {
		left := s.Curve.Unfinished((float64(i) + 0.5) / float64(width) * end)
		line.WriteRune(levels[int(math.Ceil(left*float64(len(levels)-1)-1e-9))])
	}
	axis := []rune(strings.Repeat("-", width))
	put := func(at float64, mark string) {
		i := min(int(at/end*float64(width)), width-len(mark))
		for _, c := range axis[i : i+len(mark)] {
			if c != '-' {
				return
			}
		}
		copy(axis[i:], []rune(mark))
	}
	put(0, "0")
	if budget > 0 {
		put(budget, "| "+secondsWord(budget)+" budget")
	}
	put(s.Curve.Last, "| "+secondsWord(s.Curve.Last))
	return "  still booting\n  " + strings.TrimRight(line.String(), " ") + "\n  " + string(axis) + "\n"
}

func secondsWord(s float64) string {
	switch {
	case math.IsNaN(s):
		return "unknown"
	case math.IsInf(s, 1):
		return "?"
	case s < 9.95:
		return strings.TrimSuffix(fmt.Sprintf("%.1f", s), ".0") + " s"
	}
	return fmt.Sprintf("%.0f s", s)
}

func quantileWords(q boottime.Quantile) string {
	name := "p" + strings.TrimSuffix(fmt.Sprintf("%.1f", q.Q*100), ".0")
	if q.Q == 0.5 {
		name = "median"
	}
	text := fmt.Sprintf("%s %s, %s to %s with 95 %% confidence", name, secondsWord(q.Estimate), secondsWord(q.From), secondsWord(q.To))
	if math.IsInf(q.To, 1) {
		text = fmt.Sprintf("%s %s, at least %s with 95 %% confidence", name, secondsWord(q.Estimate), secondsWord(q.From))
	}
	if q.Fitted != nil {
		text += fmt.Sprintf(", from a %s tail", q.Fitted.Family)
	}
	return text
}

// hidden counts the boots that were killed when no boot that ended had lasted as long, and says from when on.
func hidden(s *boottime.Sample) (n int, at float64) {
	last := 0.0
	for _, x := range s.Curve.Steps {
		last = x.Seconds
	}
	for _, b := range s.Boots {
		if b.Killed && b.At.Seconds() >= last {
			if n == 0 {
				at = b.At.Seconds()
			}
			n++
		}
	}
	return n, at
}

// shareWord says a small share as people do.
func shareWord(x float64) string {
	switch {
	case math.IsNaN(x):
		return "unknown"
	case x >= 0.0995:
		return fmt.Sprintf("%.0f %%", x*100)
	case x >= 0.000995:
		return fmt.Sprintf("%.2g %%", x*100)
	case x == 0:
		return "none"
	case x < 1e-9:
		return "1 in 10^9"
	}
	n := math.Floor(1 / x)
	digits := math.Pow(10, math.Floor(math.Log10(n))-1)
	return "1 in " + report.Thousands(int(math.Floor(n/digits)*digits))
}

func (r *recommendation) todayWords() string {
	switch {
	case r.today.killer == "":
		return "neither a startup nor a liveness probe: nothing kills a boot, and nothing ends one that hangs"
	case r.today.killer == "liveness":
		k := r.today.killed
		return fmt.Sprintf("no startup probe: liveness gives up after %d-%d s. If its endpoint is true only after the boot, that kills %s of boots (%s to %s)",
			int(r.today.budget[0].Seconds()), int(r.today.budget[1].Seconds()), shareWord(k.Sure.Estimate), shareWord(k.Sure.From), shareWord(k.Sure.To))
	}
	k := r.today.killed
	best := k.Sure.Estimate
	if k.Sure.Estimate == 0 && !math.IsNaN(k.Tail.Estimate) {
		best = k.Tail.Estimate
	}
	return fmt.Sprintf("the startup probe gives up after %d-%d s, which kills about %s of boots (95 %%: %s to %s, whatever the distribution)",
		int(r.today.budget[0].Seconds()), int(r.today.budget[1].Seconds()), shareWord(best), shareWord(k.Sure.From), shareWord(k.Sure.To))
}

// killedWords says how sure it is that fewer boots are killed than the limit.
func (r *recommendation) killedWords() []string {
	k, s := r.plan.Killed, r.sample
	limit, prove := shareWord(probeplan.MaxKilled), report.Thousands(int(math.Ceil(3.7/probeplan.MaxKilled/1000))*1000)
	sure := fmt.Sprintf("at most %s whatever the distribution", shareWord(k.Sure.To))
	tail := fmt.Sprintf("how the longest go on cannot be told from %s", report.Count(len(s.Boots)-s.Killed, "boot that ended", "boots that ended"))
	if len(s.Tails) > 0 {
		tail = fmt.Sprintf("at most %s if boots go on as the longest %d do, along a %s tail", shareWord(k.Tail.To), s.Tails[0].Boots, s.Tails[0].Family)
	}
	switch r.plan.KilledVerdict {
	case probeplan.Proved:
		return []string{"proved: fewer than " + limit, sure}
	case probeplan.Likely:
		return []string{"likely: fewer than " + limit, tail, sure + "; " + prove + " boots, all of them shorter, would prove it"}
	case probeplan.Broken:
		return []string{fmt.Sprintf("more than %s: at least %s", limit, shareWord(k.Sure.From)), sure}
	}
	return []string{"unknown: whether fewer than " + limit + " are", tail, sure,
		"Collect more boots: some hundreds tell how the longest go on, 3,000 show the 99.9th percentile, " + prove + " would prove it"}
}

func cascadeWords(c probeplan.Cascade, load probeplan.Load) string {
	switch {
	case c.Verdict == probeplan.Broken:
		return "broken: " + c.Why
	case c.Verdict == probeplan.Proved:
		return "none: " + c.Why
	case c.Verdict == probeplan.Likely:
		sure := ""
		if c.Probability > 0 {
			sure = fmt.Sprintf(" (at most %s)", shareWord(c.Probability))
		}
		fall := "fall"
		if load.Out == 1 {
			fall = "falls"
		}
		return fmt.Sprintf("likely none when %s of %d %s out at %.0f %% utilisation%s: %s", report.Count(load.Out, "pod", "pods"), load.Pods, fall, c.Utilisation*100, sure, c.Why)
	case c.Utilisation > 0:
		return fmt.Sprintf("unknown: %s. %s may fall out of %d up to a utilisation of %.0f %%; say --utilisation, or give health a listener of its own", c.Why, report.Count(load.Out, "pod", "pods"), load.Pods, math.Floor(c.Utilisation*100))
	}
	return string(c.Verdict) + ": " + c.Why + "; give health a listener of its own, which load does not reach"
}

// playedWords says which faults were played and what came of them.
func (r *recommendation) playedWords() string {
	if len(r.played) == 0 || r.plan.Cascade.Verdict == probeplan.Broken {
		return ""
	}
	var names []string
	spread := ""
	for _, x := range r.played {
		if c := x.Cascades; c.Count > 0 {
			spread = fmt.Sprintf(". But when a dependency that all requests wait for gets a second slower for two minutes, they restart pods in %d of %d: "+
				"give health a listener of its own", c.Count, c.Of)
			continue
		}
		names = append(names, x.Fault)
	}
	return fmt.Sprintf("played %d times each at %.0f %% utilisation: %s. Probes restarted no pod that the fault had not struck", r.played[0].Cascades.Of, r.playedAt*100, strings.Join(names, ", ")) + spread
}

func (r *recommendation) slowWords(x *probeplan.Impossible) string {
	if x.Kind == probesim.Startup {
		return "; a boot that long is better cut short: load in the background, and let /health/started wait for what is needed only"
	}
	return ""
}

func (r *recommendation) bootLine() string {
	return fmt.Sprintf("boot: %s  # times 1.5 it covers %s: %s; %s were observed, %d of them killed", r.boot, secondsWord(r.plan.Needed), r.plan.Reason,
		report.Count(len(r.sample.Boots), "boot", "boots"), r.sample.Killed)
}

// noted is a number of a probe with its reason.
type noted struct {
	field  string
	value  int
	reason string
}

func secs(d time.Duration) int { return int(d / time.Second) }

// notes are the numbers of the plan's probes with their reasons, in the tone of the golden path.
func (r *recommendation) notes(k probesim.Kind) []noted {
	p := r.plan
	switch k {
	case probesim.Startup:
		n := *p.Startup
		return []noted{
			{"periodSeconds", secs(n.Period), fmt.Sprintf("a finished boot is noticed up to %d s late", secs(n.Period))},
			{"timeoutSeconds", secs(n.Timeout), "a process that boots is busy; one second, the default, may be too short for an answer"},
			{"failureThreshold", n.FailureThreshold, fmt.Sprintf("%d tries, %d s apart, surely take %.0f s: %s (%s, %d of them killed)",
				n.FailureThreshold, secs(n.Period), p.Budget, p.Reason, report.Count(len(r.sample.Boots), "boot", "boots"), r.sample.Killed)},
		}
	case probesim.Readiness:
		n := *p.Readiness
		return []noted{
			{"periodSeconds", secs(n.Period), fmt.Sprintf("asked every %d s, a pod that fails is out of the Service after %d to %d s", secs(n.Period),
				(n.FailureThreshold-1)*secs(n.Period), n.FailureThreshold*secs(n.Period)+secs(n.Timeout))},
			{"timeoutSeconds", secs(n.Timeout), fmt.Sprintf("an answer that takes longer than %d s is none", secs(n.Timeout))},
			{"failureThreshold", n.FailureThreshold, fmt.Sprintf("%d in a row; one slow answer is no reason to send nothing more", n.FailureThreshold)},
		}
	}
	n := *p.Liveness
	return []noted{
		{"periodSeconds", secs(n.Period), fmt.Sprintf("asked every %d s, it is restarted %d to %d s after the last good answer: a restart is the last resort", secs(n.Period),
			(n.FailureThreshold-1)*secs(n.Period)+secs(n.Timeout), n.FailureThreshold*secs(n.Period)+secs(n.Timeout))},
		{"timeoutSeconds", secs(n.Timeout), fmt.Sprintf("a busy process may take %d s to answer", secs(n.Timeout))},
		{"failureThreshold", n.FailureThreshold, fmt.Sprintf("%d in a row, so that no single slow moment restarts it", n.FailureThreshold)},
	}
}

// planned is one probe of the plan with its place and the handler that it asks.
type planned struct {
	kind    probesim.Kind
	field   string
	have    *corev1.Probe // of the manifest; nil without
	handler string
	// from is the field whose handler it takes, its own or another probe's.
	from string
}

// probes are the probes of the plan, in their order. A startup probe that is not there yet asks what readiness asks, or liveness: when one of
// them passes the container has booted.
func (r *recommendation) probes() (out []planned) {
	c := r.Container
	start := planned{kind: probesim.Startup, field: "startupProbe", have: c.StartupProbe, from: "startupProbe"}
	asks := c.StartupProbe
	if asks == nil {
		asks, start.from = c.ReadinessProbe, "readinessProbe"
	}
	if asks == nil {
		asks, start.from = c.LivenessProbe, "livenessProbe"
	}
	if asks == nil {
		start.from = ""
	}
	start.handler = handlerYAML(asks)
	out = append(out, start)
	if r.plan.Readiness != nil {
		out = append(out, planned{probesim.Readiness, "readinessProbe", c.ReadinessProbe, handlerYAML(c.ReadinessProbe), "readinessProbe"})
	}
	if r.plan.Liveness != nil {
		out = append(out, planned{probesim.Liveness, "livenessProbe", c.LivenessProbe, handlerYAML(c.LivenessProbe), "livenessProbe"})
	}
	return out
}

// handlerYAML writes what a probe asks in one line.
func handlerYAML(p *corev1.Probe) string {
	if p == nil {
		return "httpGet: {path: /health/started, port: health}"
	}
	name, v := "", any(nil)
	switch {
	case p.HTTPGet != nil:
		if h := p.HTTPGet; h.Host == "" && len(h.HTTPHeaders) == 0 && (h.Scheme == "" || h.Scheme == corev1.URISchemeHTTP) && plainText(h.Path) {
			return fmt.Sprintf("httpGet: {path: %s, port: %s}", h.Path, h.Port.String())
		}
		name, v = "httpGet", p.HTTPGet
	case p.TCPSocket != nil:
		name, v = "tcpSocket", p.TCPSocket
	case p.GRPC != nil:
		name, v = "grpc", p.GRPC
	default:
		name, v = "exec", p.Exec
	}
	text, err := json.Marshal(v)
	if err != nil {
		return name + ": {}"
	}
	return name + ": " + string(text)
}

// plainText reports whether a path needs no quotes in YAML.
func plainText(s string) bool {
	return strings.HasPrefix(s, "/") && !strings.ContainsAny(s, ",{}[]#&*!|>'\"%@`: \t\n\\")
}

// yaml is the recommended probes as they stand in a container, with the reasons.
func (r *recommendation) yaml() string {
	var b strings.Builder
	questions := map[probesim.Kind]string{probesim.Startup: "has it booted? the other two wait for it", probesim.Readiness: "may requests be sent to it?", probesim.Liveness: "is it stuck for good?"}
	for _, p := range r.probes() {
		fmt.Fprintf(&b, "%s:  # %s\n  %s\n", p.field, questions[p.kind], p.handler)
		for _, n := range r.notes(p.kind) {
			fmt.Fprintf(&b, "  %s: %d  # %s%s\n", n.field, n.value, n.reason, was(p.have, n.field, n.value))
		}
		if p.have != nil && p.have.InitialDelaySeconds > 0 {
			fmt.Fprintf(&b, "  # no initialDelaySeconds (today %d): it delays every restart, and the startup probe waits for the boot\n", p.have.InitialDelaySeconds)
		}
	}
	return b.String()
}

// was says what a number is today, "" when it is the same.
func was(p *corev1.Probe, field string, value int) string {
	if p == nil {
		return ""
	}
	now := *probeOf(p)
	have := map[string]int{"periodSeconds": secs(now.Period), "timeoutSeconds": secs(now.Timeout), "failureThreshold": now.FailureThreshold}[field]
	if have == value {
		return ""
	}
	return fmt.Sprintf(" (today %d)", have)
}
