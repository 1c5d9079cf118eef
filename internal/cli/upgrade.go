package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/merge"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
	"github.com/fairway-k8s/fairway/internal/source"
	"github.com/fairway-k8s/fairway/internal/store"
)

type upgradeFlags struct {
	to, catalogue, org                     string
	take, deferred, waive, keep, overwrite []string
	reason, until, owner                   string
	dryRun, prBody, force, fleet           bool
	output                                 choice
}

func newUpgrade(e Env) *cobra.Command {
	f := &upgradeFlags{output: choice{value: "text", choices: []string{"text", "json"}}}
	cmd := &cobra.Command{
		Use:   "upgrade [DIR...]",
		Short: "bring services to another version of their golden path",
		Long: "Upgrade merges what the path changed into a service's files, field by field. What the team changed stays; where both changed the same, the\n" +
			"team's value stays and you are asked. It shows a list of named changes, each with its reason; nothing is written until you say what to take:\n" +
			"on a terminal it asks, elsewhere with --take, --defer and --waive. Changes that are not taken are noted in fairway.yaml and offered again.\n\n" +
			"A change of a parameter in fairway.yaml comes with it. For that alone, name the version that the service has: --to.\n\n" +
			"A folder without a fairway.yaml stands for the services below it. With several services nothing is asked, each is written by itself, and one that\n" +
			"cannot be upgraded does not stop the others.",
		Example: "  fairway upgrade\n  fairway upgrade --to 2.0.0 --dry-run checkout\n  fairway upgrade --take all checkout\n" +
			"  fairway upgrade --take all --defer network-default-deny checkout\n  fairway upgrade --take pdb-unhealthy-evictable ~/repositories\n" +
			"  fairway upgrade --waive cpu-limit-removed --reason 'measured again in May' --owner payments --until 2027-06-01 checkout",
	}
	flags := cmd.Flags()
	flags.StringVar(&f.to, "to", "", "the version to come to (default: the newest)")
	flags.StringSliceVar(&f.take, "take", nil, "changes to take, by ID; all takes all that are not deferred or waived")
	flags.StringSliceVar(&f.deferred, "defer", nil, "changes to leave for later, by ID")
	flags.StringSliceVar(&f.waive, "waive", nil, "changes to leave until a day, by ID; needs --reason, --owner and --until")
	flags.StringVar(&f.reason, "reason", "", "why a change is waived")
	flags.StringVar(&f.owner, "owner", "", "who answers for the waiver")
	flags.StringVar(&f.until, "until", "", "the last day of the waiver, such as 2027-06-01")
	flags.StringSliceVar(&f.keep, "keep", nil, "where you and the path both changed something, keep yours, by ID of the change")
	flags.StringSliceVar(&f.overwrite, "overwrite", nil, "where you and the path both changed something, take the path's, by ID of the change")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show the difference of all files and write nothing")
	flags.BoolVar(&f.prBody, "pr-body", false, "print a text for a pull request, in Markdown")
	flags.BoolVar(&f.force, "force", false, "also write files with changes that are not committed")
	catalogueFlag(cmd, &f.catalogue)
	organisationFlag(cmd, &f.org)
	choiceFlag(cmd, &f.output, "output", "o", "how to show it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{"."}
		}
		return runUpgrade(cmd.Context(), e, f, args)
	}
	return cmd
}

// upgrading is an upgrade under way.
type upgrading struct {
	f         *upgradeFlags
	s         *serviceFolder
	name      string // of the service
	from, to  string // versions
	shape     string
	path      *goldenpath.Path
	service   *goldenpath.Service
	rendering *goldenpath.Ancestor
	changes   []*goldenpath.Change
	decided   map[string]goldenpath.Decision
	plan      *goldenpath.Upgrade
	acting    bool
	written   []string
}

func runUpgrade(ctx context.Context, e Env, f *upgradeFlags, args []string) error {
	opened := &catalogues{}
	if len(args) == 1 {
		// A folder with several service files in it is several services.
		if file, err := serviceFileIn(args[0]); err == nil {
			if _, err := os.Stat(file); err == nil {
				return upgradeOne(ctx, e, f, opened, file)
			}
		}
	}
	files, err := servicesAt(args)
	if err != nil {
		return err
	}
	if len(files) == 1 {
		return upgradeOne(ctx, e, f, opened, files[0])
	}
	return upgradeFleet(ctx, e, f, opened, files)
}

// upgradeFleet upgrades several services, each by itself.
func upgradeFleet(ctx context.Context, e Env, f *upgradeFlags, opened *catalogues, files []string) error {
	type result struct {
		file      string
		out, errs bytes.Buffer
		err       error
	}
	work := func(file string) *result {
		r := &result{file: file}
		one, own := e, *f
		one.Stdout, one.Stderr, one.StdinTerminal = &r.out, &r.errs, false
		own.fleet = true
		r.err = upgradeOne(ctx, one, &own, opened, file)
		return r
	}
	list := f.output.value == "json" && !f.prBody
	if list {
		fmt.Fprint(e.Stdout, "{\n  \"schemaVersion\": 1,\n  \"services\": [")
	}
	between, code, needed, failed := "", 0, 0, 0
	err := inOrder(ctx, files, work, func(r *result) error {
		if r.err != nil {
			if own, ok := errors.AsType[exit](r.err); ok {
				needed++
				code = max(code, int(own))
			} else {
				failed++
				code = max(code, problem.ExitCode(r.err))
				printError(&r.errs, "fairway", r.err)
				if list {
					if err := writeJSON(&r.out, failedUpgrade{1, filepath.ToSlash(filepath.Dir(r.file)), r.err.Error()}); err != nil {
						return err
					}
				}
			}
		}
		out := r.out.String()
		switch {
		case out == "":
		case list:
			out = between + "\n" + strings.TrimRight(indent(out, "    "), "\n")
			between = ","
		default:
			out = between + out
			between = "\n"
		}
		if _, err := io.WriteString(e.Stdout, out); err != nil {
			return err
		}
		_, err := r.errs.WriteTo(e.Stderr)
		return err
	})
	if list {
		fmt.Fprint(e.Stdout, "\n  ]\n}\n")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(e.Stderr, "fairway: %s, %d with something for you to decide, %d that could not be upgraded\n", report.Count(len(files), "service", "services"), needed, failed)
	if code != 0 {
		return exit(code)
	}
	return nil
}

// upgradeOne upgrades a service.
func upgradeOne(ctx context.Context, e Env, f *upgradeFlags, opened *catalogues, file string) error {
	s, err := openService(ctx, opened, file, f.catalogue, f.org)
	if err != nil {
		return err
	}
	u, err := prepareUpgrade(e, f, s)
	if err != nil {
		return err
	}
	if err := u.merge(); err != nil {
		return err
	}
	if !u.acting && !f.dryRun && !f.prBody && f.output.value == "text" && e.StdinTerminal && e.ErrTerminal && u.takes() {
		if err := u.ask(ctx, e); err != nil {
			return err
		}
	}
	if u.acting && !f.dryRun {
		if err := u.write(ctx); err != nil {
			return err
		}
	}
	switch {
	case f.prBody:
		err = say(e.Stdout, u.pullRequest())
	case f.output.value == "json":
		err = writeJSON(e.Stdout, u.report())
	default:
		err = say(e.Stdout, u.text(e.textWidth()))
		if err == nil && f.dryRun {
			err = writeDiffs(e.Stdout, e, "", u.plan.Result.Files)
		}
		if err == nil && !f.fleet {
			u.next(e)
		}
	}
	if err != nil {
		return err
	}
	if u.open() > 0 {
		return exit(problem.ExitFindings)
	}
	return nil
}

// prepareUpgrade reads the service and renders it in the version that is wanted.
func prepareUpgrade(e Env, f *upgradeFlags, s *serviceFolder) (u *upgrading, err error) {
	if err := s.readAncestor(); err != nil {
		return nil, err
	}
	u = &upgrading{f: f, s: s, decided: map[string]goldenpath.Decision{}}
	u.shape, u.from, _ = strings.Cut(s.ancestor.Path, "@")
	if shape, _, _ := strings.Cut(s.pathName(), "@"); shape != u.shape {
		return nil, &problem.Problem{What: fmt.Sprintf("the service file names the path %s, and its files were written by %s", shape, u.shape), Where: s.file.Name,
			Why: "another shape is not another version", Next: "make the service anew in another folder with fairway new, and move what is yours by hand"}
	}
	u.to = cmp.Or(f.to, s.catalogue.Newest(u.shape))
	if u.path, err = s.path(u.to); err != nil {
		return nil, err
	}
	if goldenpath.CompareVersions(u.to, u.from) < 0 {
		return nil, &problem.Problem{What: fmt.Sprintf("the service is at %s already, and %s is older", u.from, u.to), Where: s.file.Name, Why: "going back would undo what the path mended",
			Next: "name a newer version with --to; to go back, take the files from Git"}
	}
	if u.service, u.rendering, err = s.render(u.path); err != nil {
		return nil, err
	}
	if u.changes, err = s.catalogue.Changes(u.shape, "0", u.to); err != nil {
		return nil, &problem.Problem{What: "the changelog of the catalogue has faults", Why: err.Error(), Next: "tell those who keep the catalogue", Err: err}
	}
	u.name = s.file.Docs[0].Root.Resolve().Get("name").Text()
	if err := u.known(); err != nil {
		return nil, err
	}
	for _, d := range u.service.Decisions {
		if d.Holds(e.Now()) {
			u.decided[d.ID] = d
		}
	}
	named, err := u.decide(e.Now())
	if err != nil {
		return nil, err
	}
	for _, d := range u.service.Decisions {
		if !d.Holds(e.Now()) && !named[d.ID] {
			note(e, "fairway: the waiver of %s in %s ended on %s\n  next: take the change, or agree on another end with %s\n", d.ID, s.file.Name, d.Until.Format(time.DateOnly), d.Owner)
		}
	}
	return u, s.readOurs(s.ancestor.Files, u.rendering.Files)
}

// known refuses decisions of the service file about changes that no version has: a change that was to be left for later would be taken because of
// a wrong letter.
func (u *upgrading) known() error {
	all, err := u.s.catalogue.Changes(u.shape, "0", u.s.catalogue.Newest(u.shape))
	if err != nil {
		return err
	}
	for _, n := range u.s.file.Docs[0].Root.Resolve().Get("changes").Items() {
		id := n.Resolve().Get("id").Text()
		if id == goldenpath.Parameters || slices.ContainsFunc(all, func(x *goldenpath.Change) bool { return x.ID == id }) {
			continue
		}
		p := &problem.Problem{What: fmt.Sprintf("there is no change %q", id), Where: fmt.Sprintf("%s:%d", u.s.file.Name, n.Position().Line), Next: "take the decision out"}
		var ids []string
		for _, x := range all {
			ids = append(ids, x.ID)
		}
		if len(ids) > 0 {
			p.Next += ", or name one of " + strings.Join(ids, ", ")
		}
		return p
	}
	return nil
}

// decide adds what the flags say to what the service file says, and returns the changes that they name.
func (u *upgrading) decide(now time.Time) (named map[string]bool, err error) {
	f := u.f
	known := []string{goldenpath.Parameters}
	for _, x := range u.changes {
		known = append(known, x.ID)
	}
	named = map[string]bool{}
	for _, group := range []struct {
		flag   string
		ids    []string
		answer goldenpath.Answer
	}{{"--take", f.take, ""}, {"--defer", f.deferred, goldenpath.Defer}, {"--waive", f.waive, goldenpath.Waive}, {"--keep", f.keep, goldenpath.Keep}, {"--overwrite", f.overwrite, goldenpath.Take}} {
		for _, id := range group.ids {
			u.acting = true
			all := id == "all" && group.answer == ""
			if !all && !slices.Contains(known, id) {
				return nil, &problem.Problem{What: fmt.Sprintf("there is no change %q", id), Where: group.flag, Next: "the changes up to " + u.to + " are " + strings.Join(known, ", ")}
			}
			if named[id] {
				return nil, &problem.Problem{What: "the change " + id + " is decided twice", Where: group.flag, Next: "name it with one flag"}
			}
			named[id] = true
			switch {
			case all:
				for id, d := range u.decided {
					if d.Answer == goldenpath.Defer && slices.Contains(known, id) {
						delete(u.decided, id)
					}
				}
			case group.answer == "":
				if d := u.decided[id]; d.Answer == goldenpath.Defer || d.Answer == goldenpath.Waive {
					delete(u.decided, id)
				}
			case group.answer == goldenpath.Waive:
				until, err := time.Parse(time.DateOnly, f.until)
				d := goldenpath.Decision{ID: id, Answer: goldenpath.Waive, Reason: f.reason, Owner: f.owner, Until: until}
				if f.reason == "" || f.owner == "" || err != nil {
					return nil, &problem.Problem{What: "a waived change needs a reason, an owner and an end", Where: "--waive " + id, Next: "add --reason, --owner and --until, a day such as 2027-06-01"}
				}
				if !d.Holds(now) {
					return nil, &problem.Problem{What: "the waiver would have ended before it begins", Where: "--until " + f.until, Next: "name a day that is still to come"}
				}
				u.decided[id] = d
			default:
				u.decided[id] = goldenpath.Decision{ID: id, Answer: group.answer}
			}
		}
	}
	if u.acting && !named["all"] {
		for _, id := range known {
			if _, decided := u.decided[id]; !decided && !named[id] && id != goldenpath.Parameters {
				u.decided[id] = goldenpath.Decision{ID: id, Answer: goldenpath.Defer}
			}
		}
	}
	return named, nil
}

func (u *upgrading) merge() (err error) {
	is := func(answers ...goldenpath.Answer) func(string) bool {
		return func(id string) bool { return slices.Contains(answers, u.decided[id].Answer) }
	}
	u.plan, err = goldenpath.PlanUpgrade(u.s.ancestor, u.s.ours, u.rendering, u.changes, goldenpath.Selection{
		Skips: is(goldenpath.Defer, goldenpath.Waive), Prefers: is(goldenpath.Take), Keeps: is(goldenpath.Keep)})
	if err != nil {
		return unproved(err)
	}
	if u.service.Adopted != nil {
		// The team's own kustomization is no part of what the path wrote.
		u.plan.Result.Files, _, err = listed(u.s.dir, u.plan.Result.Files)
	}
	return err
}

// open counts the conflicts that nothing was decided about.
func (u *upgrading) open() (n int) {
	for _, x := range u.plan.Items {
		if x.Taken {
			n += len(x.Conflicts)
		}
	}
	return n
}

// takes reports whether there is something to take: all else is left for later, or waived.
func (u *upgrading) takes() bool {
	return slices.ContainsFunc(u.plan.Items, func(x *goldenpath.Item) bool { return x.Taken })
}

// ask asks about each conflict, and whether to write.
func (u *upgrading) ask(ctx context.Context, e Env) error {
	if err := say(e.Stdout, u.text(e.textWidth())); err != nil {
		return err
	}
	p := newPrompt(ctx, e)
	question := func(text, answers string) (byte, error) {
		for {
			answer, err := p.ask(text + " ")
			if err != nil {
				return 0, err
			}
			if answer = strings.ToLower(answer); answer != "" && strings.Contains(answers, answer[:1]) {
				return answer[0], nil
			}
		}
	}
	for _, x := range u.plan.Items {
		if !x.Taken || len(x.Conflicts) == 0 {
			continue
		}
		for answered := false; !answered; {
			a, err := question(fmt.Sprintf("\n%s: keep yours (k)  take the path's (t)  leave for later (d)  waive until a day (w)  show (s)?", x.ID()), "ktdws")
			if err != nil {
				return err
			}
			d := goldenpath.Decision{ID: x.ID()}
			answered = true
			switch a {
			case 'k':
				d.Answer = goldenpath.Keep
			case 't':
				d.Answer = goldenpath.Take
			case 'd':
				d.Answer = goldenpath.Defer
			case 'w':
				d.Answer = goldenpath.Waive
				for _, ask := range []struct {
					text string
					to   *string
				}{{"reason", &d.Reason}, {"owner", &d.Owner}} {
					if *ask.to, err = p.ask(ask.text + ": "); err != nil {
						return err
					}
				}
				until, err := p.ask("until (such as 2027-06-01): ")
				if err != nil {
					return err
				}
				if d.Until, err = time.Parse(time.DateOnly, until); err != nil || d.Reason == "" || d.Owner == "" || !d.Holds(e.Now()) {
					fmt.Fprintln(e.Stderr, "a waiver needs a reason, an owner and a day that is still to come")
					answered = false
				}
			case 's':
				answered = false
				if err := writeMergeReport(e.Stderr, &merge.Result{Conflicts: x.Conflicts}, false); err != nil {
					return err
				}
				if x.Change != nil {
					for _, l := range report.Wrap(x.Change.Reason+" ("+x.Change.Incident+")", e.textWidth()) {
						note(e, "%s\n", l)
					}
				}
			}
			if answered {
				u.decided[d.ID] = d
			}
		}
	}
	if err := u.merge(); err != nil {
		return err
	}
	a, err := question("\nwrite it? (y/n)", "yn")
	u.acting = a == 'y'
	return err
}

// write writes the result, the service file and the ancestor, all or none.
func (u *upgrading) write(ctx context.Context) error {
	var files []store.File
	for _, x := range u.plan.Result.Files {
		switch {
		case !x.Changed():
		case x.After == nil:
			files = append(files, store.File{Name: x.Name, Remove: true})
		default:
			files = append(files, store.File{Name: x.Name, Data: x.After})
		}
	}
	u.written = namesOf(files)
	if !u.f.force {
		if err := uncommitted(ctx, u.s.dir, u.written, "upgrade"); err != nil {
			return err
		}
	}
	service, err := u.serviceFile()
	if err != nil {
		return err
	}
	ancestor, err := u.plan.Ancestor.Encode()
	if err != nil {
		return err
	}
	files = append(files, store.File{Name: u.s.serviceName(), Data: service}, store.File{Name: u.s.ancestorName(), Data: ancestor})
	return u.s.writeResult(files)
}

// serviceFile is the service file with the new version and the decisions.
func (u *upgrading) serviceFile() ([]byte, error) {
	root := u.s.file.Docs[0].Root
	changes := []source.Change{{Op: source.Set, Path: source.MustPath("path"), Value: source.String(u.path.Name())}}
	var list []source.Value
	mentioned := map[string]bool{}
	add := func(d goldenpath.Decision) {
		if mentioned[d.ID] {
			return
		}
		mentioned[d.ID] = true
		fields := []source.Field{source.F("id", source.String(d.ID)), source.F("answer", source.String(string(d.Answer)))}
		if d.Answer == goldenpath.Waive {
			fields = append(fields, source.F("reason", source.String(d.Reason)), source.F("owner", source.String(d.Owner)), source.F("until", source.String(d.Until.Format(time.DateOnly))))
		}
		list = append(list, source.Map(fields...))
	}
	// In the order of the file first, then of the changelog; what is decided about nothing is left out, but for what a later version brings.
	later := func(d goldenpath.Decision) bool {
		return d.ID != goldenpath.Parameters && !slices.ContainsFunc(u.changes, func(x *goldenpath.Change) bool { return x.ID == d.ID })
	}
	relevant := func(d goldenpath.Decision) bool {
		return d.Answer == goldenpath.Waive || later(d) || slices.ContainsFunc(u.plan.Items, func(x *goldenpath.Item) bool {
			return x.ID() == d.ID && (!x.Taken || len(x.Settled) > 0)
		})
	}
	for _, n := range root.Resolve().Get("changes").Items() {
		id := n.Resolve().Get("id").Text()
		if d, ok := u.decided[id]; ok && (relevant(d) || d.Answer == goldenpath.Keep || d.Answer == goldenpath.Take) {
			add(d)
		}
	}
	for _, x := range u.plan.Items {
		if d, ok := u.decided[x.ID()]; ok && relevant(d) {
			add(d)
		}
	}
	has := !root.Resolve().Get("changes").IsZero()
	switch {
	case len(list) > 0:
		changes = append(changes, source.Change{Op: source.Set, Path: source.MustPath("changes"), Value: source.List(list...)})
	case has:
		changes = append(changes, source.Change{Op: source.Remove, Path: source.MustPath("changes")})
	}
	next, _, err := u.s.file.Apply(root, changes...)
	if err != nil {
		return nil, &problem.Problem{What: "cannot note the version in the service file", Where: u.s.file.Name, Why: problem.Plain(err), Next: "set path: " + u.path.Name() + " there by hand", Err: err}
	}
	return next.Data, nil
}

// word says what becomes of an item.
func (u *upgrading) word(x *goldenpath.Item) string {
	switch u.decided[x.ID()].Answer {
	case goldenpath.Defer:
		return "later"
	case goldenpath.Waive:
		return "waived"
	}
	if len(x.Conflicts) > 0 {
		return "you"
	}
	return "take"
}

// text is the plan, or what was done.
func (u *upgrading) text(width int) string {
	var b strings.Builder
	clean, you, later := 0, 0, 0
	for _, x := range u.plan.Items {
		switch u.word(x) {
		case "take":
			clean++
		case "you":
			you++
		default:
			later++
		}
	}
	head := fmt.Sprintf("%s: %s %s -> %s", u.name, u.shape, u.from, u.to)
	if u.from == u.to {
		head = fmt.Sprintf("%s: %s %s", u.name, u.shape, u.to)
	}
	if len(u.plan.Items) == 0 {
		fmt.Fprintf(&b, "%s  nothing to change\n", head)
		return b.String()
	}
	counts := []string{report.Count(len(u.plan.Items), "change", "changes")}
	for _, x := range []struct {
		n    int
		text string
	}{{clean, "clean"}, {you, "need you"}, {later, "left for later"}} {
		if x.n == 1 && x.text == "need you" {
			counts = append(counts, "1 needs you")
		} else if x.n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", x.n, x.text))
		}
	}
	fmt.Fprintf(&b, "%s  %s\n\n", head, strings.Join(counts, ", "))
	wide := 0
	for _, x := range u.plan.Items {
		wide = max(wide, len(x.ID()))
	}
	for _, x := range u.plan.Items {
		what, why := "values that fairway.yaml sets otherwise than before", ""
		switch {
		case x.Change != nil:
			what, why = x.Change.From+" -> "+x.Change.To, x.Change.Incident
		case onlyComments(x):
			what = "comments that say something else than before"
		}
		fmt.Fprintf(&b, "  %-6s %-*s  %s", u.word(x), wide, x.ID(), report.Clean(what))
		if why != "" {
			fmt.Fprintf(&b, "  (%s)", why)
		}
		b.WriteString("\n")
		for _, c := range x.Changes {
			if c.Op != merge.Comment && x.Change == nil {
				fmt.Fprintf(&b, "         %s: %s\n", strings.TrimSpace(c.Object.String()+" "+c.Field), arrow(c))
			}
		}
		for _, c := range x.Conflicts {
			fmt.Fprintf(&b, "         %s %s: %s\n", c.Object, report.Clean(c.Field), c.Reason.Sentence())
			if c.Reason != merge.Unreadable {
				was, is := apart(c.Base, c.Theirs)
				fmt.Fprintf(&b, "         yours %s, the path %s -> %s\n", said(c.Ours), was, is)
			}
		}
		for _, c := range x.Settled {
			fmt.Fprintf(&b, "         %s %s: %s\n", c.Object, report.Clean(c.Field), u.settled(c, x))
		}
		if d := u.decided[x.ID()]; d.Answer == goldenpath.Waive {
			for _, line := range report.Wrap(fmt.Sprintf("until %s by %s: %s", d.Until.Format(time.DateOnly), d.Owner, d.Reason), width-9) {
				fmt.Fprintf(&b, "         %s\n", line)
			}
		}
	}
	same, all, comments := u.untouched()
	fmt.Fprintf(&b, "\nnothing else of yours changes: %d of %d lines stay as they are, %s kept\n", same, all, report.Count(comments, "comment", "comments"))
	return b.String()
}

// settled says what was decided where both changed something.
func (u *upgrading) settled(c merge.Conflict, x *goldenpath.Item) string {
	if u.decided[x.ID()].Answer == goldenpath.Take {
		return fmt.Sprintf("the path's %s instead of yours, %s", said(c.Theirs), said(c.Ours))
	}
	return fmt.Sprintf("yours stays %s, the path %s", said(c.Ours), said(c.Theirs))
}

// onlyComments reports whether an item changes no value.
func onlyComments(x *goldenpath.Item) bool {
	return len(x.Conflicts) == 0 && !slices.ContainsFunc(x.Changes, func(c merge.Change) bool { return c.Op != merge.Comment })
}

func arrow(c merge.Change) string {
	from, to := cmp.Or(c.From, "(not there)"), cmp.Or(c.To, "(gone)")
	if c.Op == merge.Add {
		return "+ " + short(to)
	}
	from, to = apart(&from, &to)
	return from + " -> " + to
}

// apart shortens two values so that where they differ is seen.
func apart(a, b *string) (string, string) {
	if a == nil || b == nil {
		return said(a), said(b)
	}
	x, y := []rune(report.Clean(*a)), []rune(report.Clean(*b))
	same := 0
	for same < min(len(x), len(y)) && x[same] == y[same] {
		same++
	}
	for same > 0 && x[same-1] != ' ' { // the whole word
		same--
	}
	const context = 30
	if max(len(x), len(y)) <= mostShown || same <= context {
		return said(a), said(b)
	}
	return short("... " + string(x[same-context:])), short("... " + string(y[same-context:]))
}

// mostShown is how much of a value is shown, in characters.
const mostShown = 90

func short(s string) string {
	if r := []rune(report.Clean(s)); len(r) > mostShown {
		return string(r[:mostShown-4]) + " ..."
	}
	return report.Clean(s)
}

func said(s *string) string {
	if s == nil {
		return "(not there)"
	}
	return short(*s)
}

// untouched counts the lines of the team's files that stay as they are, all of them, and the comments that are kept.
func (u *upgrading) untouched() (same, all, comments int) {
	for _, x := range u.plan.Result.Files {
		if x.Before == nil {
			continue
		}
		lines := map[string]int{}
		for line := range bytes.Lines(x.After) {
			lines[string(line)]++
		}
		for line := range bytes.Lines(x.Before) {
			all++
			if lines[string(line)] > 0 {
				lines[string(line)]--
				same++
			}
		}
		kept := map[string]int{}
		after := source.Parse(x.Name, x.After)
		for _, c := range after.Comments {
			kept[string(after.Data[c.Start:c.End])]++
		}
		before := source.Parse(x.Name, x.Before)
		for _, c := range before.Comments {
			if text := string(before.Data[c.Start:c.End]); kept[text] > 0 {
				kept[text]--
				comments++
			}
		}
	}
	return same, all, comments
}

// next says what to do next.
func (u *upgrading) next(e Env) {
	switch {
	case len(u.written) > 0:
		note(e, "fairway: wrote %s\n  next: look at git diff, then: fairway lint %s\n", report.Count(len(u.written), "file", "files"), u.s.dir)
	case u.acting && !u.f.dryRun:
		note(e, "fairway: noted in %s\n", u.s.file.Name)
	case len(u.plan.Items) > 0 && !u.f.dryRun:
		note(e, "fairway: nothing was written\n  next: %s\n", strings.Join(u.ways(), "\n        "))
	}
	if u.acting {
		for _, r := range u.migrations() {
			note(e, "  by hand, for %s:\n    %s\n", r.Version, strings.ReplaceAll(strings.TrimSpace(r.Migration), "\n", "\n    "))
		}
	}
}

// ways are the commands that lead on when nothing was written.
func (u *upgrading) ways() (ways []string) {
	id := map[string]string{}
	for _, x := range u.plan.Items {
		word := u.word(x)
		id[word] = cmp.Or(id[word], x.ID())
	}
	command := "fairway upgrade "
	if u.f.to != "" {
		command += "--to " + u.f.to + " "
	}
	if id["take"] != "" || id["you"] != "" {
		ways = append(ways, command+"--dry-run "+u.s.dir+" shows the lines; --take all takes what is clean")
	}
	if id["you"] != "" {
		ways = append(ways, fmt.Sprintf("--keep %s keeps yours where both changed something, --overwrite %s takes the path's", id["you"], id["you"]))
	}
	if id["later"] != "" {
		ways = append(ways, command+"--take "+id["later"]+" "+u.s.dir+" takes what was left for later")
	}
	if len(ways) == 0 {
		ways = append(ways, "nothing; the waivers hold")
	}
	return ways
}

// migrations are the releases up to the new one whose texts say what is left to be done by hand, and of which something is taken.
func (u *upgrading) migrations() (out []*goldenpath.Release) {
	for _, v := range u.s.catalogue.Versions(u.shape) {
		r, err := u.s.catalogue.Release(v)
		if err != nil || r == nil || r.Migration == "" || goldenpath.CompareVersions(v, u.to) > 0 {
			continue
		}
		taken := slices.ContainsFunc(u.plan.Items, func(x *goldenpath.Item) bool { return x.Taken && x.Change != nil && x.Change.Version == v })
		if taken || len(r.Changes) == 0 && goldenpath.CompareVersions(v, u.from) > 0 {
			out = append(out, r)
		}
	}
	return out
}

// upgradeReport is the JSON form of an upgrade.
type upgradeReport struct {
	SchemaVersion int           `json:"schemaVersion"`
	Dir           string        `json:"dir"`
	Service       string        `json:"service"`
	Shape         string        `json:"shape"`
	From          string        `json:"from"`
	To            string        `json:"to"`
	Changes       []upgradeItem `json:"changes"`
	Written       []string      `json:"written"`
}

// failedUpgrade stands in the place of the report of a service that could not be upgraded.
type failedUpgrade struct {
	SchemaVersion int    `json:"schemaVersion"`
	Dir           string `json:"dir"`
	Error         string `json:"error"`
}

type upgradeItem struct {
	ID        string          `json:"id"`
	Title     string          `json:"title,omitempty"`
	Default   string          `json:"default,omitempty"`
	From      string          `json:"from,omitempty"`
	To        string          `json:"to,omitempty"`
	Since     string          `json:"since,omitempty"`
	Severity  string          `json:"severity,omitempty"`
	Reason    string          `json:"reason,omitempty"`
	Incident  string          `json:"incident,omitempty"`
	Sunset    string          `json:"sunset,omitempty"`
	Answer    string          `json:"answer"` // take, you, later, waived
	Fields    []mergeChange   `json:"fields"`
	Conflicts []mergeConflict `json:"conflicts"`
}

func (u *upgrading) report() *upgradeReport {
	out := &upgradeReport{SchemaVersion: 1, Dir: filepath.ToSlash(u.s.dir), Service: u.name, Shape: u.shape, From: u.from, To: u.to, Changes: []upgradeItem{}, Written: append([]string{}, u.written...)}
	for _, x := range u.plan.Items {
		r := mergeReportOf(&merge.Result{Changes: x.Changes, Conflicts: x.Conflicts})
		item := upgradeItem{ID: x.ID(), Answer: u.word(x), Fields: r.Changes, Conflicts: r.Conflicts}
		if c := x.Change; c != nil {
			item.Title, item.Default, item.From, item.To, item.Since = c.Title, c.Default, c.From, c.To, c.Version
			item.Severity, item.Reason, item.Incident, item.Sunset = c.Severity, c.Reason, c.Incident, c.Sunset
		}
		out.Changes = append(out.Changes, item)
	}
	return out
}

// pullRequest is a text for reviewers, in Markdown.
func (u *upgrading) pullRequest() string {
	var b strings.Builder
	fmt.Fprintf(&b, "## %s: %s %s", u.name, u.shape, u.from)
	if u.to != u.from {
		fmt.Fprintf(&b, " → %s", u.to)
	}
	b.WriteString("\n\n")
	for _, x := range u.plan.Items {
		mark := map[string]string{"take": "taken", "you": "**needs a decision**", "later": "left for later", "waived": "waived"}[u.word(x)]
		if x.Change == nil {
			what := "Values that `fairway.yaml` sets otherwise than before."
			if onlyComments(x) {
				what = "Comments that say something else than before."
			}
			fmt.Fprintf(&b, "### Parameters (%s)\n\n%s\n\n", mark, what)
		} else {
			fmt.Fprintf(&b, "### %s (%s)\n\n%s: %s → %s.\n\n%s Incident: `%s`. Severity: %s.", x.ID(), mark, x.Change.Title, x.Change.From, x.Change.To, x.Change.Reason, x.Change.Incident, x.Change.Severity)
			if x.Change.Sunset != "" {
				fmt.Fprintf(&b, " The old value is accepted until %s.", x.Change.Sunset)
			}
			b.WriteString("\n\n")
		}
		if d := u.decided[x.ID()]; d.Answer == goldenpath.Waive {
			fmt.Fprintf(&b, "Waived until %s by %s: %s\n\n", d.Until.Format(time.DateOnly), d.Owner, report.Clean(d.Reason))
		}
		for _, c := range x.Changes {
			if c.Op != merge.Comment {
				fmt.Fprintf(&b, "- `%s`: %s\n", strings.TrimSpace(c.Object.String()+" "+c.Field), code(arrow(c)))
			}
		}
		box := "- "
		if u.word(x) == "you" {
			box = "- [ ] "
		}
		for _, c := range x.Conflicts {
			was, is := apart(c.Base, c.Theirs)
			fmt.Fprintf(&b, box+"`%s`: %s. Yours: %s; the path: %s → %s\n", strings.TrimSpace(c.Object.String()+" "+c.Field), c.Reason.Sentence(), code(said(c.Ours)), code(was), code(is))
		}
		for _, c := range x.Settled {
			fmt.Fprintf(&b, "- `%s`: %s\n", strings.TrimSpace(c.Object.String()+" "+c.Field), code(u.settled(c, x)))
		}
		b.WriteString("\n")
	}
	same, all, comments := u.untouched()
	fmt.Fprintf(&b, "%d of %d lines stay as they are, %s kept.\n", same, all, report.Count(comments, "comment", "comments"))
	for _, r := range u.migrations() {
		fmt.Fprintf(&b, "\n### By hand, for %s\n\n%s\n", r.Version, strings.TrimSpace(r.Migration))
	}
	return b.String()
}

// code marks text as code, whatever it holds.
func code(s string) string {
	if strings.Contains(s, "`") {
		return "`` " + s + " ``"
	}
	return "`" + s + "`"
}
