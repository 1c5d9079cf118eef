package cli

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/fairway-k8s/fairway/internal/goldenpath"
	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/report"
)

func newStatus(e Env) *cobra.Command {
	output := choice{value: "text", choices: []string{"text", "json", "csv"}}
	var catalogue string
	cmd := &cobra.Command{
		Use:   "status [DIR...]",
		Short: "show on which version of its path each service is, and what is due",
		Long: "Status looks for services (folders with a fairway.yaml) in the folders and below them, such as a folder of checked-out repositories, and says\n" +
			"for each: the version of its path and the newest, since how many days there is a newer one, in how many fields the team differs, which changes\n" +
			"it left for later or waived and until when, how many conflicts an upgrade would meet, and when its version ends.\n\n" +
			"The exit code is 1 when something is overdue: a version past its sunset, a waiver that has ended. It is 3 when a service cannot be judged.",
		Example: "  fairway status\n  fairway status ~/repositories --output csv > fleet.csv\n  fairway status services --output json",
	}
	catalogueFlag(cmd, &catalogue)
	choiceFlag(cmd, &output, "output", "o", "how to show it")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			args = []string{"."}
		}
		return runStatus(cmd.Context(), e, args, catalogue, output.value)
	}
	return cmd
}

// fleetReport is the JSON form of status.
type fleetReport struct {
	SchemaVersion int             `json:"schemaVersion"`
	Services      []serviceStatus `json:"services"`
}

type serviceStatus struct {
	Dir        string         `json:"dir"`
	Service    string         `json:"service"`
	Owner      string         `json:"owner"`
	Shape      string         `json:"shape"`
	Version    string         `json:"version"`
	Newest     string         `json:"newest"`
	DaysBehind int            `json:"daysBehind"` // since the first version came out that it does not have
	Deviations int            `json:"deviations"` // fields in which the team differs from the path
	Conflicts  int            `json:"conflicts"`  // that an upgrade to the newest version would meet
	Later      []string       `json:"later"`      // changes left for later
	Waivers    []waiverStatus `json:"waivers"`
	Sunset     string         `json:"sunset,omitempty"` // the last day of its version
	Due        []string       `json:"due"`              // what is overdue, in words
	Error      string         `json:"error,omitempty"`  // why it could not be judged
}

type waiverStatus struct {
	ID    string `json:"id"`
	Owner string `json:"owner"`
	Until string `json:"until"`
	Ended bool   `json:"ended"`
}

func runStatus(ctx context.Context, e Env, roots []string, catalogue, format string) error {
	files, err := servicesAt(roots)
	if err != nil {
		return err
	}
	var all []serviceStatus
	opened := &catalogues{}
	err = inOrder(ctx, files, func(file string) serviceStatus { return statusOf(ctx, e, opened, file, catalogue) }, func(x serviceStatus) error {
		all = append(all, x)
		return nil
	})
	if err != nil {
		return err
	}
	switch format {
	case "json":
		err = writeJSON(e.Stdout, fleetReport{1, all})
	case "csv":
		err = statusCSV(e.Stdout, all)
	default:
		err = say(e.Stdout, statusText(all))
	}
	if err != nil {
		return err
	}
	code := 0
	for _, x := range all {
		if x.Error != "" {
			code = problem.ExitIncomplete
		} else if len(x.Due) > 0 && code == 0 {
			code = problem.ExitFindings
		}
	}
	if code != 0 {
		return exit(code)
	}
	return nil
}

// servicesAt returns the service files at and below some folders.
func servicesAt(roots []string) (files []string, err error) {
	for _, root := range roots {
		found, err := services(root)
		if err != nil {
			return nil, &problem.Problem{What: "cannot look for services", Where: root, Why: problem.Plain(err), Next: "name existing folders", Exit: problem.ExitIncomplete, Err: err}
		}
		files = append(files, found...)
	}
	slices.Sort(files)
	if files = slices.Compact(files); len(files) == 0 {
		return nil, &problem.Problem{What: "there is no service", Where: strings.Join(roots, ", "), Why: "no folder holds a " + ServiceFile, Next: "begin one with fairway new, or bring manifests onto a path with fairway adopt", Exit: problem.ExitIncomplete}
	}
	return files, nil
}

// services returns the service files at and below root.
func services(root string) (dirs []string, err error) {
	err = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil && name != root && errors.Is(err, fs.ErrPermission):
			return fs.SkipDir
		case err != nil:
			return err
		case d.IsDir() && name != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "node_modules"):
			return fs.SkipDir
		case isServiceFile(d.Name()) && d.Type().IsRegular():
			dirs = append(dirs, name)
		}
		return nil
	})
	return dirs, err
}

// statusOf judges one service.
func statusOf(ctx context.Context, e Env, opened *catalogues, dir, catalogue string) serviceStatus {
	x := serviceStatus{Dir: filepath.ToSlash(filepath.Dir(dir)), Later: []string{}, Waivers: []waiverStatus{}, Due: []string{}}
	fail := func(err error) serviceStatus {
		x.Error = strings.ReplaceAll(err.Error(), "\n", "; ")
		return x
	}
	s, err := openService(ctx, opened, dir, catalogue, "")
	if err != nil {
		return fail(err)
	}
	root := s.file.Docs[0].Root.Resolve()
	x.Service, x.Owner = root.Get("name").Text(), root.Get("owner").Text()
	p, err := s.path("")
	if err != nil {
		return fail(err)
	}
	x.Shape, x.Version = p.Shape, p.Version
	versions := s.catalogue.Versions(p.Shape)
	x.Newest = s.catalogue.Newest(p.Shape)
	releases, err := s.catalogue.Releases()
	if err != nil {
		return fail(err)
	}
	now := e.Now()
	for _, r := range slices.Backward(releases) {
		date, err := time.Parse(time.DateOnly, r.Date)
		if err == nil && x.DaysBehind == 0 && goldenpath.CompareVersions(r.Version, x.Version) > 0 && slices.Contains(versions, r.Version) && now.After(date) {
			x.DaysBehind = int(now.Sub(date).Hours() / 24)
		}
		if r.Version == x.Version && r.Deprecated != nil {
			x.Sunset = r.Deprecated.Sunset
			if last, err := time.Parse(time.DateOnly, x.Sunset); err == nil && goldenpath.Over(last, now) {
				x.Due = append(x.Due, fmt.Sprintf("%s ended on %s", x.Version, x.Sunset))
			}
		}
	}
	quiet := e
	quiet.Stderr = io.Discard
	u, err := prepareUpgrade(quiet, &upgradeFlags{}, s)
	if err != nil {
		return fail(err)
	}
	x.Owner = u.service.Owner()
	if err := u.merge(); err != nil {
		return fail(err)
	}
	x.Conflicts = u.open()
	own, err := goldenpath.Deviations(u.s.ancestor, u.s.ours, u.service.Adopted)
	if err != nil {
		return fail(err)
	}
	x.Deviations = len(own)
	for _, w := range u.service.Waivers {
		x.waiver(w.Default, w.Owner, w.Until, now)
	}
	for _, d := range u.service.Decisions {
		switch d.Answer {
		case goldenpath.Defer:
			x.Later = append(x.Later, d.ID)
		case goldenpath.Waive:
			x.waiver(d.ID, d.Owner, d.Until, now)
		}
	}
	return x
}

func (x *serviceStatus) waiver(id, owner string, until, now time.Time) {
	w := waiverStatus{id, owner, until.Format(time.DateOnly), goldenpath.Over(until, now)}
	x.Waivers = append(x.Waivers, w)
	if w.Ended {
		x.Due = append(x.Due, fmt.Sprintf("the waiver of %s ended on %s", id, w.Until))
	}
}

// statusText is the table for people.
func statusText(all []serviceStatus) string {
	rows := [][]string{{"SERVICE", "PATH", "NEWEST", "BEHIND", "YOURS", "CONFLICTS", "LATER", "WAIVED", "ENDS", "DUE"}}
	newest, due, failed := 0, 0, 0
	for _, x := range all {
		if x.Error != "" {
			failed++
			continue
		}
		behind := "-"
		if x.DaysBehind > 0 {
			behind = report.Count(x.DaysBehind, "day", "days")
		}
		if x.Version == x.Newest {
			newest++
		}
		if len(x.Due) > 0 {
			due++
		}
		rows = append(rows, []string{x.Service, x.Shape + "@" + x.Version, x.Newest, behind, strconv.Itoa(x.Deviations), strconv.Itoa(x.Conflicts),
			strconv.Itoa(len(x.Later)), strconv.Itoa(len(x.Waivers)), cmp.Or(x.Sunset, "-"), cmp.Or(strings.Join(x.Due, "; "), "-")})
	}
	var b strings.Builder
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len([]rune(cell)))
		}
	}
	for _, row := range rows {
		var line strings.Builder
		for i, cell := range row {
			line.WriteString(cell + strings.Repeat(" ", width[i]-len([]rune(cell))+2))
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	for _, x := range all {
		if x.Error != "" {
			fmt.Fprintf(&b, "unknown  %s  %s\n", x.Dir, report.Clean(x.Error))
		}
	}
	fmt.Fprintf(&b, "\n%s: %d on the newest version, %d with something overdue, %d that cannot be judged\n", report.Count(len(all), "service", "services"), newest, due, failed)
	return b.String()
}

func statusCSV(w io.Writer, all []serviceStatus) error {
	out := csv.NewWriter(w)
	_ = out.Write([]string{"dir", "service", "owner", "shape", "version", "newest", "daysBehind", "deviations", "conflicts", "later", "waivers", "sunset", "due", "error"})
	for _, x := range all {
		var waivers []string
		for _, w := range x.Waivers {
			waivers = append(waivers, w.ID+" until "+w.Until)
		}
		_ = out.Write([]string{x.Dir, x.Service, x.Owner, x.Shape, x.Version, x.Newest, strconv.Itoa(x.DaysBehind), strconv.Itoa(x.Deviations), strconv.Itoa(x.Conflicts),
			strings.Join(x.Later, "; "), strings.Join(waivers, "; "), x.Sunset, strings.Join(x.Due, "; "), x.Error})
	}
	out.Flush()
	return out.Error()
}
