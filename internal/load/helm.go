package load

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/source"
)

// rendered is what helm made of a chart.
type rendered struct {
	units    []*unit // one for each template
	skipped  []finding.Skipped
	failures []finding.Failure
}

// helmTimeout is far above what rendering takes; the slowest public charts need about two seconds.
const helmTimeout = 60 * time.Second

// renderCharts renders charts with the user's helm, or says that there is none.
func (l *loader) renderCharts(ctx context.Context, charts []folder) []rendered {
	out := make([]rendered, len(charts))
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	var wg sync.WaitGroup
	for i, c := range charts {
		if l.Helm == "" {
			out[i].skip(c, count(c.files, "template file")+" not rendered, there is no helm; install it, or check the chart with: helm template "+c.name+" | fairway lint -")
			continue
		}
		wg.Go(func() {
			slots <- struct{}{}
			out[i] = l.renderChart(ctx, c)
			<-slots
		})
	}
	wg.Wait()
	return out
}

func (r *rendered) skip(c folder, detail string) {
	r.skipped = append(r.skipped, finding.Skipped{Place: finding.Place{File: c.name}, Reason: HelmChart, Detail: detail})
}

func (l *loader) renderChart(ctx context.Context, c folder) (r rendered) {
	// Helm follows symbolic links, and a template can print what they lead to.
	f := l.fenceOf(c.real)
	if link := l.strays(c.real, f); link != "" {
		r.failures = append(r.failures, finding.Failure{Place: finding.Place{File: c.name},
			Message: "the chart is not rendered: " + l.show(link) + " is a link that leads out of " + l.border(f), Hint: "put the file itself into the chart"})
		return r
	}
	if l.isLibrary(c) {
		r.skip(c, "a library chart: it is checked with the charts that use it")
		return r
	}
	ctx, cancel := context.WithTimeout(ctx, helmTimeout)
	defer cancel()
	// No flag but the ones here: nothing is downloaded, no cluster is asked, no post-renderer runs. The folder is absolute, so
	// that no name can be taken for a flag.
	cmd := exec.CommandContext(ctx, l.Helm, "template", releaseName(c), c.real)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Dir = l.Dir
	cmd.WaitDelay = time.Second
	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		r.fail(c, fmt.Sprintf("helm did not finish within %v", helmTimeout))
	case err != nil:
		why := strings.Join(strings.Fields(strings.ReplaceAll(stderr.String(), l.realDir+string(filepath.Separator), "")), " ")
		if why == "" {
			why = err.Error()
		}
		r.fail(c, "helm cannot render it: "+strings.TrimPrefix(why, "Error: "))
	default:
		r.units = splitRendered(stdout.Bytes(), c)
	}
	return r
}

func (r *rendered) fail(c folder, message string) {
	r.failures = append(r.failures, finding.Failure{Place: finding.Place{File: c.name}, Message: message,
		Hint: "render it with the values it needs and check that: helm template " + c.name + " -f VALUES | fairway lint -"})
}

func (l *loader) isLibrary(c folder) bool {
	u := l.read(context.Background(), entry{real: filepath.Join(c.real, "Chart.yaml"), name: c.name + "/Chart.yaml", explicit: true})
	return u.file != nil && len(u.file.Docs) > 0 && u.file.Docs[0].Root.Get("type").Text() == "library"
}

// releaseName makes a valid release name of a chart's folder: RFC 1123, 53 characters at most (helm, pkg/chart/v2/util).
func releaseName(c folder) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, filepath.Base(c.real))
	name = strings.Trim(name[:min(len(name), 53)], "-")
	if name == "" {
		return "release"
	}
	return name
}

// splitRendered makes one file of each template that helm rendered. Helm puts "# Source: CHART/templates/x.yaml" at the top of
// every document.
func splitRendered(text []byte, c folder) []*unit {
	const mark = "# Source: "
	texts := map[string]*bytes.Buffer{}
	var order []string
	for _, doc := range bytes.Split(append([]byte("\n"), text...), []byte("\n---\n")) {
		from := ""
		for line := range bytes.Lines(doc) {
			if rest, ok := bytes.CutPrefix(line, []byte(mark)); ok {
				_, from, _ = strings.Cut(strings.TrimSpace(string(rest)), "/")
				break
			}
		}
		if len(bytes.TrimSpace(doc)) == 0 {
			continue
		}
		name := path.Join(c.name, from) + " (helm template)"
		if texts[name] == nil {
			texts[name] = new(bytes.Buffer)
			order = append(order, name)
		}
		texts[name].WriteString("---\n")
		texts[name].Write(bytes.TrimPrefix(doc, []byte("\n")))
		texts[name].WriteString("\n")
	}
	slices.Sort(order)
	units := make([]*unit, len(order))
	for i, name := range order {
		u := &unit{entry: entry{name: name, explicit: true}}
		u.file = source.Parse(name, texts[name].Bytes())
		u.sort(c.name)
		for k := range u.trees {
			u.trees[k].Built = true
		}
		units[i] = u
	}
	return units
}
