package report

import (
	"cmp"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fairway-k8s/fairway/internal/probesim"
	"github.com/fairway-k8s/fairway/internal/probesim/fleet"
)

// Simulation is the answer of fairway probe simulate: configurations side by side, for each fault.
type Simulation struct {
	Title string // what is simulated, on one line
	Given string // boot, replicas, load, version
	Seeds int
	First uint64 // seed; the others follow it
	// Faults are what happens, in order; every column has an answer for each.
	Faults  []fleet.Fault
	Columns []SimulationColumn
	// Drawn is the index of the fault that the timelines show, with the first seed.
	Drawn int
	// Follows are findings that the answers support, a sentence each; four blanks and a command may follow it.
	Follows []string
	// Unmodelled says what was left out, a sentence each.
	Unmodelled []string
}

// SimulationColumn is one configuration.
type SimulationColumn struct {
	Name     string
	Scenario fleet.Scenario // without a fault
	Answers  []fleet.Answer
	Trace    *fleet.Trace // of the drawn fault
}

// SimulationOptions say how to show it.
type SimulationOptions struct {
	Width    int // 0: 100
	Color    bool
	ASCII    bool
	Timeline bool
	Brief    bool // one line for each fault instead of all measures
}

// SimulationText writes the answer for people.
func SimulationText(w io.Writer, s *Simulation, o SimulationOptions) error {
	t := &simulationText{s: s, o: o}
	if t.o.Width == 0 {
		t.o.Width = 100
	}
	t.label = 26
	t.column = max(min((t.o.Width-t.label-2)/len(s.Columns), 44), 14)
	t.hang("", Clean(s.Title))
	t.hang("", Clean(s.Given))
	t.line("")
	t.row("", func(c *SimulationColumn) string { return Clean(c.Name) })
	for _, k := range []probesim.Kind{probesim.Startup, probesim.Readiness, probesim.Liveness} {
		t.row("  "+k.String(), func(c *SimulationColumn) string { return probeWords(c.Scenario.Spec, k) })
	}
	t.row("  endpoints", func(c *SimulationColumn) string { return healthWords(c.Scenario.Health) })
	if s.Columns[0].Scenario.Load.Utilization > 0 && s.Columns[0].Scenario.Replicas > 1 {
		t.row("  survives without 1", func(c *SimulationColumn) string { return mostLoad(c.Scenario, 1) })
		if k := lost(s); k > 1 {
			t.row(fmt.Sprintf("  survives without %d", k), func(c *SimulationColumn) string { return mostLoad(c.Scenario, k) })
		}
	}
	if o.Brief {
		t.line("")
		names := 0
		for i := range s.Columns {
			names = max(names, Width(Clean(s.Columns[i].Name)))
		}
		names = min(names, max(t.o.Width-faultColumn-2-briefColumn, briefColumn/2))
		for i, f := range s.Faults {
			label := cutAt(faultWords(f, s.Columns[0].Scenario), ":") + pods(f, s.Columns[0].Scenario)
			for j := range s.Columns {
				c := &s.Columns[j]
				name, text := wrapAll(Clean(c.Name), names), Wrap(brief(f, &c.Answers[i]), max(t.o.Width-faultColumn-names-2, briefColumn))
				for n := range max(len(name), len(text)) {
					t.line("%-*s%s  %s", faultColumn, label, pad(nth(name, n), names), nth(text, n))
					label = ""
				}
			}
		}
	} else {
		for i, f := range s.Faults {
			t.line("")
			t.hang("", faultWords(f, s.Columns[0].Scenario))
			for _, m := range measures {
				t.measure(i, f, m)
			}
		}
	}
	if o.Timeline {
		for i := range s.Columns {
			t.timeline(&s.Columns[i])
		}
	}
	if len(s.Follows) > 0 {
		t.line("")
		for _, x := range s.Follows {
			text, command, ok := strings.Cut(Clean(x), explained)
			if ok && Width(text)+len(explained)+len(command) > t.o.Width {
				t.hang("", text)
				t.line("%s%s", explained, command)
				continue
			}
			t.line("%s", Clean(x))
		}
	}
	t.line("")
	if o.Brief {
		t.hang("", fmt.Sprintf("%s of each, from seed %d; --fault KIND shows all of one, with intervals and the pods over time.", Count(s.Seeds, "run", "runs"), s.First))
	} else {
		t.line("%s from seed %d; in brackets the 95 %% interval.", Count(s.Seeds, "run", "runs"), s.First)
	}
	for _, x := range s.Unmodelled {
		t.hang("not followed: ", Clean(x))
	}
	_, err := io.WriteString(w, t.b.String())
	return err
}

// explained stands between a finding and the command that explains it.
const explained = "    "

// Columns of the brief form: the fault takes faultColumn, and what comes of it has briefColumn at least.
const faultColumn, briefColumn = 21, 30

// wrapAll is Wrap that breaks words that are too long as well, behind a hyphen or a slash if they have one.
func wrapAll(text string, w int) (lines []string) {
	for _, line := range Wrap(text, w) {
		for Width(line) > w {
			used, at := 0, 0
			for i, r := range line {
				if used += runeWidth(r); used > w && i > 0 {
					break
				}
				at = i + utf8.RuneLen(r)
			}
			if i := strings.LastIndexAny(line[:at], "-/"); i > 0 {
				at = i + 1
			}
			lines, line = append(lines, line[:at]), line[at:]
		}
		lines = append(lines, line)
	}
	return lines
}

// nth is one of some lines, "" behind the last.
func nth(lines []string, n int) string {
	if n < len(lines) {
		return lines[n]
	}
	return ""
}

// pad fills a text up with blanks to w columns.
func pad(text string, w int) string { return text + strings.Repeat(" ", max(w-Width(text), 0)) }

// lost is the largest number of pods that a fault strikes.
func lost(s *Simulation) (most int) {
	for _, f := range s.Faults {
		switch f.Kind {
		case fleet.Crash, fleet.Deadlock, fleet.Starved:
			most = max(most, f.Pods)
		}
	}
	return most
}

// mostLoad is rho_max in words.
func mostLoad(s fleet.Scenario, k int) string {
	most, queue := s.MaxUtilization(k)
	if most >= 1 {
		return fmt.Sprintf("any load; queues grow above %s", percent(queue))
	}
	return fmt.Sprintf("up to %s load", percent(most))
}

type simulationText struct {
	s             *Simulation
	o             SimulationOptions
	b             strings.Builder
	label, column int
}

func (t *simulationText) line(format string, args ...any) {
	t.b.WriteString(strings.TrimRight(fmt.Sprintf(format, args...), " ") + "\n")
}

// hang writes a text behind a head, and what does not fit on its line below itself.
func (t *simulationText) hang(head, text string) {
	width := utf8.RuneCountInString(head)
	for _, line := range Wrap(text, max(t.o.Width-width, 30)) {
		t.line("%s%s", head, line)
		head = strings.Repeat(" ", width)
	}
}

// row writes a label and a cell for each configuration. A cell that is too wide goes on below.
func (t *simulationText) row(label string, cell func(*SimulationColumn) string) {
	cells := make([][]string, len(t.s.Columns))
	lines := 1
	for i := range t.s.Columns {
		cells[i] = wrapAll(cell(&t.s.Columns[i]), t.column-2)
		lines = max(lines, len(cells[i]))
	}
	for n := range lines {
		var b strings.Builder
		fmt.Fprintf(&b, "%-*s", t.label, label)
		label = ""
		for _, c := range cells {
			b.WriteString(pad(nth(c, n), t.column))
		}
		t.line("%s", b.String())
	}
}

// measures are the rows of an answer, in order. A cell that is "" everywhere leaves the row out.
var measures = []struct {
	label string
	cell  func(fleet.Fault, *SimulationColumn, *fleet.Answer) string
}{
	{"killed while booting", func(_ fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		if a.KilledBooting.Of == 0 {
			return ""
		}
		return within(a.KilledBooting.Interval, percent) + " of " + Thousands(a.KilledBooting.Of)
	}},
	{"  by arithmetic", func(f fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		if a.KilledBooting.Of == 0 || f.Kind != fleet.Start {
			return ""
		}
		return percent(a.Closed)
	}},
	{"extra restarts", func(f fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		return within(a.Extra, number)
	}},
	{"time to Ready", func(f fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		switch {
		case len(a.ToReady) == 0 && a.NeverReady == 0:
			return ""
		case len(a.ToReady) == 0:
			return "never"
		}
		median, slow := a.ToReady.Quantile(0.5), a.ToReady.Quantile(0.99)
		text := within(median, span) + ", 99 % within " + span(slow.Value)
		if a.NeverReady > 0 {
			text += fmt.Sprintf("; %s never", Count(a.NeverReady, "pod", "pods"))
		}
		return text
	}},
	{"deadlock to kill", times(fleet.Deadlock, func(a *fleet.Answer) (fleet.Times, int) { return a.Killed, a.NeverKilled })},
	{"out of the endpoints", func(f fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		switch f.Kind {
		case fleet.Crash, fleet.Deadlock, fleet.Starved, fleet.NodeLost:
			return timesWords(a.Out, a.NeverOut)
		}
		return ""
	}},
	{"rollout takes", times(fleet.NewRevision, func(a *fleet.Answer) (fleet.Times, int) { return a.Rolled, a.NeverRolled })},
	{"drain takes", times(fleet.NodeDrained, func(a *fleet.Answer) (fleet.Times, int) { return a.Drained, a.NeverDrained })},
	{"all Ready again after", func(f fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		if f.Kind == fleet.None || f.Kind == fleet.Start {
			return ""
		}
		return timesWords(a.Settled, a.NeverSettled)
	}},
	{"no endpoint for", func(f fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		if f.Kind == fleet.Start {
			return ""
		}
		return within(a.Zero, span)
	}},
	{"goodput", loaded(func(a *fleet.Answer) string { return within(a.Goodput, percent) })},
	{"  of the last 5 minutes", loaded(func(a *fleet.Answer) string { return within(a.Last, percent) })},
	{"recovers", func(f fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		return fmt.Sprintf("%s, %d of %d", within(a.Recovers.Interval, percent), a.Recovers.Count, a.Recovers.Of)
	}},
}

// pods is the number that a fault strikes, where it strikes some.
func pods(f fleet.Fault, s fleet.Scenario) string {
	switch f.Kind {
	case fleet.Crash, fleet.Deadlock, fleet.Starved:
		return fmt.Sprintf(" of %d", s.WithFault(f).Fault.Pods)
	}
	return ""
}

// brief is an answer in a line: what is worst first.
func brief(f fleet.Fault, a *fleet.Answer) string {
	var parts []string
	switch {
	case a.Recovers.Count == a.Recovers.Of && f.Kind == fleet.Start:
		parts = append(parts, "comes up")
	case a.Recovers.Count == a.Recovers.Of && f.Kind == fleet.NewRevision && a.NeverRolled == a.Seeds:
		parts = append(parts, "the old pods go on") // which is no recovery
	case a.Recovers.Count == a.Recovers.Of:
		parts = append(parts, "recovers")
	case f.Kind == fleet.Start:
		parts = append(parts, fmt.Sprintf("does not come up in %d of %d", a.Recovers.Of-a.Recovers.Count, a.Recovers.Of))
	default:
		parts = append(parts, fmt.Sprintf("does not recover in %d of %d", a.Recovers.Of-a.Recovers.Count, a.Recovers.Of))
	}
	if a.KilledBooting.Count > 0 {
		parts = append(parts, percent(a.KilledBooting.Value)+" of boots killed")
	}
	if a.Extra.Value > 0 {
		parts = append(parts, number(a.Extra.Value)+" extra restarts")
	}
	if a.Zero.Value > 0 {
		parts = append(parts, span(a.Zero.Value)+" without an endpoint")
	}
	took := func(what string, t fleet.Times, never int) {
		if len(t) > 0 {
			parts = append(parts, what+" "+span(t.Quantile(0.5).Value))
		}
		if never > 0 && f.Kind != fleet.Start {
			parts = append(parts, strings.TrimSuffix(what, " after")+fmt.Sprintf(": never in %d of %d", never, a.Seeds))
		}
	}
	switch f.Kind {
	case fleet.Start:
		took("Ready after", a.ToReady, a.NeverReady)
	case fleet.Deadlock:
		took("killed after", a.Killed, a.NeverKilled)
	case fleet.NewRevision:
		took("rolled out after", a.Rolled, a.NeverRolled)
	case fleet.NodeDrained:
		took("drained after", a.Drained, a.NeverDrained)
	case fleet.None:
	default:
		took("all Ready after", a.Settled, a.NeverSettled)
	}
	return strings.Join(parts, ", ")
}

func times(k fleet.FaultKind, of func(*fleet.Answer) (fleet.Times, int)) func(fleet.Fault, *SimulationColumn, *fleet.Answer) string {
	return func(f fleet.Fault, _ *SimulationColumn, a *fleet.Answer) string {
		if f.Kind != k {
			return ""
		}
		return timesWords(of(a))
	}
}

func timesWords(t fleet.Times, never int) string {
	if len(t) == 0 {
		return "never"
	}
	m := t.Quantile(0.5)
	text := within(m, span)
	if most := span(t[len(t)-1].Seconds()); most != span(m.Value) {
		text += ", at most " + most
	}
	if never > 0 {
		text += fmt.Sprintf("; never in %s", Count(never, "run", "runs"))
	}
	return text
}

func loaded(text func(*fleet.Answer) string) func(fleet.Fault, *SimulationColumn, *fleet.Answer) string {
	return func(f fleet.Fault, c *SimulationColumn, a *fleet.Answer) string {
		if c.Scenario.Load.Utilization == 0 || f.Kind == fleet.Start {
			return ""
		}
		return text(a)
	}
}

func (t *simulationText) measure(i int, f fleet.Fault, m struct {
	label string
	cell  func(fleet.Fault, *SimulationColumn, *fleet.Answer) string
}) {
	some := false
	for c := range t.s.Columns {
		some = some || m.cell(f, &t.s.Columns[c], &t.s.Columns[c].Answers[i]) != ""
	}
	if some {
		t.row("  "+m.label, func(c *SimulationColumn) string { return cmp.Or(m.cell(f, c, &c.Answers[i]), "-") })
	}
}

// within writes an estimate, and its interval behind it where that says more.
func within(i fleet.Interval, form func(float64) string) string {
	value, low, high := form(i.Value), form(i.Low), form(i.High)
	if low == high && low == value {
		return value
	}
	if a, unit, ok := strings.Cut(low, " "); ok && strings.HasSuffix(high, " "+unit) {
		low = a
	}
	return value + " (" + low + "-" + high + ")"
}

// percent writes a share with as many digits as it is worth. What is not all of it never reads 100 %.
func percent(x float64) string {
	x *= 100
	switch {
	case x == 0 || x > 100-1e-9: // the end of an interval is a sum of floats
		return strconv.FormatFloat(math.Round(x), 'f', -1, 64) + " %"
	case x < 0.001:
		return strconv.FormatFloat(x, 'g', 1, 64) + " %"
	case x < 1 || x > 99:
		return strings.TrimSuffix(strings.TrimRight(strconv.FormatFloat(min(x, 99.999), 'f', 3, 64), "0"), ".") + " %"
	}
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) + " %"
}

func number(x float64) string {
	if x >= 100 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64)
}

// span writes a time: 45 s, 12.5 s, 7 min.
func span(x float64) string {
	switch {
	case x >= 60 && x == math.Trunc(x/60)*60:
		return strconv.FormatFloat(x/60, 'f', -1, 64) + " min"
	case x >= 600:
		return strconv.FormatFloat(math.Round(x/6)/10, 'f', -1, 64) + " min"
	case x >= 20:
		return strconv.FormatFloat(x, 'f', 0, 64) + " s"
	}
	return strconv.FormatFloat(math.Round(x*10)/10, 'f', -1, 64) + " s"
}

// probeWords is a probe's numbers as people say them.
func probeWords(s probesim.Spec, k probesim.Kind) string {
	p := s.Probes()[k]
	if p == nil {
		return "none"
	}
	x := p.WithDefaults()
	text := fmt.Sprintf("%d x %d s, timeout %d s", x.FailureThreshold, int(x.Period.Seconds()), int(x.Timeout.Seconds()))
	if x.InitialDelay > 0 {
		text += fmt.Sprintf(", from %d s on", int(x.InitialDelay.Seconds()))
	}
	return text
}

// healthWords says how endpoints answer.
func healthWords(h fleet.Health) string {
	var text string
	switch {
	case h.Startup.Shared && h.Readiness.Shared && h.Liveness.Shared:
		text = "behind the requests"
	case h.Liveness.Shared || h.Readiness.Shared:
		text = "partly behind the requests"
	default:
		text = "listener of their own"
	}
	if h.Readiness.Deep || h.Liveness.Deep {
		text += ", ask the dependency"
	}
	if h.Liveness.InBoot {
		text += ", live in boot"
	}
	return text
}

// faultWords says what happens.
func faultWords(f fleet.Fault, s fleet.Scenario) string {
	f = s.WithFault(f).Fault
	pods := Count(f.Pods, "pod", "pods")
	if f.Pods < s.Replicas {
		pods = fmt.Sprintf("%d of %d pods", f.Pods, s.Replicas)
	}
	at := " after " + span(f.At.Seconds())
	during := " for " + span(f.For.Seconds())
	switch f.Kind {
	case fleet.None:
		return "nothing happens"
	case fleet.Start:
		return "start: the workload is applied for the first time"
	case fleet.Crash:
		return "crash: the processes of " + pods + " exit" + at
	case fleet.Deadlock:
		return "deadlock: the workers of " + pods + " stand still" + at
	case fleet.SlowDep:
		return "dependency-slow: every request takes " + span(f.Extra.Seconds()) + " longer" + at + during
	case fleet.DepDown:
		return "dependency-down: the dependency refuses" + at + during
	case fleet.Starved:
		return "cpu-starved: " + pods + " get " + percent(f.Share) + " of their CPU" + at + during
	case fleet.NodeLost:
		return "node-lost: a node is gone for good" + at
	case fleet.NodeDrained:
		return "drain: a node is drained" + at
	case fleet.NewRevision:
		return "rollout: a new revision" + at
	case fleet.KubeletAgain:
		return "kubelet-restart: a process exits" + at + ", and while it boots the kubelet of its node is restarted"
	}
	return "surge: " + number(f.Share) + " times as many requests" + at + during
}

// glyphs are how the states look in a timeline, with and without Unicode.
var glyphs = [...][2]string{fleet.Coming: {" ", " "}, fleet.Booting: {"░", "."}, fleet.NotReady: {"▒", "o"}, fleet.Serving: {"█", "#"}, fleet.Hung: {"▞", "?"},
	fleet.Stopping: {"▂", "_"}, fleet.Waiting: {"·", " "}, fleet.Lost: {"?", "?"}, fleet.Gone: {" ", " "}}

const maxTimelineRows = 12

// timeline draws the pods of one run: a line each, and below them the share of requests that was answered.
func (t *simulationText) timeline(c *SimulationColumn) {
	tr := c.Trace
	if tr == nil {
		return
	}
	variant := 0
	if t.o.ASCII {
		variant = 1
	}
	kill := [2]string{"✕", "X"}[variant]
	width := max(min(t.o.Width, 120)-14, 30)
	each := tr.End / time.Duration(width)
	t.line("")
	t.hang("", fmt.Sprintf("%s: %s, seed %d, %s a column", Clean(c.Name), cutAt(faultWords(t.s.Faults[t.s.Drawn], c.Scenario), ":"), t.s.First, span(each.Seconds())))
	rows := tr.Rows
	if len(rows) > maxTimelineRows {
		rows = rows[:maxTimelineRows]
	}
	for _, r := range rows {
		var b strings.Builder
		for i := range width {
			from, to := time.Duration(i)*each, time.Duration(i+1)*each
			g := " "
			longest := time.Duration(0)
			for _, s := range r.Spans {
				if d := min(s.To, to) - max(s.From, from); d > longest {
					longest, g = d, glyphs[s.State][variant]
				}
			}
			for _, m := range r.Marks {
				if m.Kill && m.At >= from && m.At < to {
					g = kill
				}
			}
			b.WriteString(t.paint(g, kill))
		}
		t.line("  %-10s  %s", r.Name, b.String())
	}
	if more := len(tr.Rows) - len(rows); more > 0 {
		t.line("  and %s", Count(more, "more pod", "more pods"))
	}
	if c.Scenario.Load.Utilization > 0 {
		var b strings.Builder
		levels := [2][]string{{" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"}, {" ", ".", "-", "=", "#"}}[variant]
		for i := range width {
			good, offered := tr.Goodput(time.Duration(i)*each, time.Duration(i+1)*each)
			if offered == 0 {
				b.WriteString(" ")
				continue
			}
			b.WriteString(levels[int(math.Round(min(good/offered, 1)*float64(len(levels)-1)))])
		}
		t.line("  %-10s  %s", "answered", b.String())
	}
	end := span(tr.End.Seconds())
	t.line("  %-10s  0%s%s", "", strings.Repeat(" ", max(width-1-len(end), 1)), end)
	names := []string{}
	for _, s := range []fleet.State{fleet.Booting, fleet.NotReady, fleet.Serving, fleet.Hung, fleet.Waiting} {
		if g := glyphs[s][variant]; g != " " {
			names = append(names, g+" "+s.String())
		}
	}
	names = append(names, kill+" killed by a probe")
	for line, rest := "  "+names[0], names[1:]; ; rest = rest[1:] {
		if len(rest) == 0 || Width(line)+2+Width(rest[0]) > t.o.Width {
			t.line("%s", strings.ReplaceAll(line, kill, t.paint(kill, kill)))
			line = ""
		}
		if len(rest) == 0 {
			break
		}
		line += "  " + rest[0]
	}
}

// paint colours what kills.
func (t *simulationText) paint(glyph, kill string) string {
	if t.o.Color && glyph == kill {
		return "\x1b[31m" + glyph + "\x1b[m"
	}
	return glyph
}

func cutAt(s, sep string) string {
	before, _, _ := strings.Cut(s, sep)
	return before
}
