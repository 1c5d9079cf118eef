package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/finding"
	"github.com/fairway-k8s/fairway/internal/listing"
	"github.com/fairway-k8s/fairway/internal/load"
)

// Selection says what to list.
type Selection struct {
	// Namespaces to list; nil means all. Kinds without a namespace are listed in any case.
	Namespaces []string
	// Progress, when not nil, is told from time to time how many kinds of how many are done, and how many objects were read. It may be
	// called by several goroutines, one at a time.
	Progress func(kinds, of, objects int)
}

// Limits of a list.
const (
	pageSize = 500
	// definitionsPage is for custom resource definitions, which have up to a megabyte each.
	definitionsPage = 20
	// restarts is how often a list begins anew after its continue token expired, which it does after five minutes.
	restarts = 2
	// retries is how often a page is asked for again after a connection broke, and patience how often after the API server said that
	// it has too much to do.
	retries  = 2
	patience = 10
	// refusals is after how many namespaces a kind counts as one that the user may list nowhere.
	refusals = 20
)

// retryAfter is how long a page is waited for after a connection broke.
var retryAfter = 500 * time.Millisecond

// List lists the objects of a cluster. The result has Coverage and Records, and is the same for the same objects in the cluster.
// The error is the context's or a *problem.Problem (see the package comment).
func (c *Client) List(ctx context.Context, s Selection) (*load.Input, error) {
	kinds, rows, err := c.discover(ctx)
	if err != nil {
		return nil, c.unreachable(ctx, err)
	}
	rows = slices.DeleteFunc(rows, func(r cluster.Covered) bool { return passedOver[r.Group+"/*"] != "" }) // metrics that are down are not missed
	if err := c.namespacesExist(ctx, s.Namespaces); err != nil {
		return nil, err
	}
	l := &lister{Client: c, Selection: s, of: len(kinds)}
	if s.Namespaces == nil {
		l.known = []string{c.Namespace}
	}
	var (
		wg   sync.WaitGroup
		next = make(chan kind)
	)
	// Namespaces first: in them the kinds are listed that may not be listed everywhere.
	if i := slices.IndexFunc(kinds, func(k kind) bool { return k.group == "" && k.kind == "Namespace" }); i >= 0 {
		l.kind(ctx, kinds[i])
		kinds = slices.Delete(kinds, i, i+1)
	}
	for range kindsAtOnce {
		wg.Go(func() {
			for k := range next {
				l.kind(ctx, k)
			}
		})
	}
	// The largest kinds first, so that none of them is still going on when all others are done.
	large := []string{"Pod", "ReplicaSet", "Deployment", "ConfigMap", "Secret", "Service"}
	slices.SortStableFunc(kinds, func(a, b kind) int { return rank(large, a.kind) - rank(large, b.kind) })
	for _, k := range kinds {
		next <- k
	}
	close(next)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all := listing.Join(l.collectors...)
	in := &load.Input{Objects: all.Trees, Records: &all.Records, Coverage: cluster.NewCoverage(append(rows, l.rows...), false), Failures: l.failures()}
	for _, t := range in.Objects {
		in.Files = append(in.Files, t.Root.File())
	}
	for _, r := range rows {
		in.Failures = append(in.Failures, finding.Failure{Message: "the kinds of group " + r.Group + " are not known: " + r.Detail,
			Hint: "kubectl get apiservices shows which are not available"})
	}
	in.Stats.Documents, in.Stats.Loaded = l.objects, l.objects
	return in, nil
}

func rank(large []string, kind string) int {
	if i := slices.Index(large, kind); i >= 0 {
		return i
	}
	return len(large)
}

// lister is one call of List.
type lister struct {
	*Client
	Selection
	of    int
	known []string // namespaces that were seen, for kinds that may not be listed everywhere

	dead atomic.Pointer[error] // why the API server does not answer any more

	mu         sync.Mutex
	collectors []*listing.Collector
	rows       []cluster.Covered
	broken     []broken
	done       int
	objects    int
}

// broken is a list that was not read to its end.
type broken struct {
	kind    string
	objects int
	why     string
}

// kind lists one kind.
func (l *lister) kind(ctx context.Context, k kind) {
	if why := k.whyNot(); why != "" {
		l.note(nil, cluster.Covered{Group: k.group, Version: k.version, Kind: k.kind, State: cluster.NotAsked, Detail: why})
		return
	}
	if !k.namespaced || l.Namespaces == nil {
		row, got := l.list(ctx, k, "")
		if row.State != cluster.Forbidden || !k.namespaced {
			l.note(got, row)
			return
		}
		l.mu.Lock()
		known := slices.Clone(l.known)
		l.mu.Unlock()
		l.note(nil, row)
		l.each(ctx, k, known)
		return
	}
	l.each(ctx, k, l.Namespaces)
}

// each lists a kind in each of some namespaces. Whoever is refused in the first of very many is not made to wait for all of them.
func (l *lister) each(ctx context.Context, k kind, namespaces []string) {
	refused, allowed := 0, false
	for _, ns := range namespaces {
		if refused >= refusals && !allowed {
			l.note(nil, cluster.Covered{Group: k.group, Version: k.version, Kind: k.kind, Namespace: ns, State: cluster.NotAsked,
				Detail: fmt.Sprintf("it is forbidden in the first %d namespaces", refused)})
			continue
		}
		row, got := l.list(ctx, k, ns)
		l.note(got, row)
		if row.State == cluster.Forbidden {
			refused++
		} else {
			allowed = true
		}
	}
}

// note keeps what came of a list.
func (l *lister) note(got *listing.Collector, row cluster.Covered) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows = append(l.rows, row)
	l.done++
	if got != nil {
		l.collectors = append(l.collectors, got)
		l.objects += row.Objects
		if row.Kind == "Namespace" && row.Group == "" && l.Namespaces == nil {
			for _, t := range got.Trees { // the context's own is there already, and asked first
				if name := t.Root.Get("metadata").Get("name").Text(); !slices.Contains(l.known, name) {
					l.known = append(l.known, name)
				}
			}
		}
	}
	if row.State == cluster.Failed {
		what := row.Kind
		if row.Namespace != "" {
			what += " in " + row.Namespace
		}
		l.broken = append(l.broken, broken{what, row.Objects, row.Detail})
	}
	if l.Progress != nil {
		l.Progress(min(l.done, l.of), l.of, l.objects)
	}
}

// list reads all pages of a kind, in one namespace or in all.
func (l *lister) list(ctx context.Context, k kind, namespace string) (cluster.Covered, *listing.Collector) {
	row := cluster.Covered{Group: k.group, Version: k.version, Kind: k.kind, Namespace: namespace, State: cluster.Listed}
	limit := pageSize
	if k.kind == "CustomResourceDefinition" {
		limit = definitionsPage
	}
	got := listing.New(listing.Options{Namespaces: l.Namespaces})
	token, begun, failed, waited := "", 0, 0, 0
	var odd error // of the first object that could not be read
	for pages := 1; ; pages++ {
		if why := l.dead.Load(); why != nil {
			row.State, row.Detail = cluster.Failed, reason(*why)
			return row, got
		}
		page := got.Page()
		next, unread, err := l.page(ctx, k, namespace, token, limit, page)
		switch {
		case err == nil:
			failed, waited = 0, 0
			got.Append(page)
			row.Objects += next.Items
			odd = cmp.Or(odd, unread)
			if next.Continue == "" {
				if odd != nil {
					row.State, row.Detail = cluster.Failed, odd.Error()
				}
				return row, got
			}
			if next.Continue == token || pages >= maxPages {
				row.State, row.Detail = cluster.Failed, errEndless.Error()
				return row, got
			}
			token = next.Continue
		case apierrors.IsResourceExpired(err) && begun < restarts:
			begun++
			token, row.Objects, odd = "", 0, nil
			got = listing.New(got.Options)
		case apierrors.IsTooManyRequests(err) && waited < patience:
			waited++
			seconds, _ := apierrors.SuggestsClientDelay(err)
			sleep(ctx, min(time.Duration(max(1, seconds))*time.Second, maxWait))
		case ctx.Err() == nil && brokenOff(err) && !errors.Is(err, errSilent) && failed < retries:
			failed++
			sleep(ctx, retryAfter<<(failed-1))
		default:
			if brokenOff(err) {
				l.dead.CompareAndSwap(nil, &err)
			}
			row.State, row.Detail = StateOf(err)
			// What came of the page that broke off is there as well.
			got.Append(page)
			row.Objects += next.Items
			return row, got
		}
	}
}

func sleep(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// page reads one page into to. unread is why the first of the objects that could not be read was passed over; Items leaves them out.
func (l *lister) page(ctx context.Context, k kind, namespace, token string, limit int, to *listing.Collector) (page listing.Page, unread, err error) {
	r := l.rest.Get().AbsPath(k.path(namespace)).Param("limit", strconv.Itoa(limit)).MaxRetries(0) // list has its own
	if token != "" {
		r.Param("continue", token)
	}
	body, err := r.Stream(ctx)
	if err != nil {
		return page, nil, err
	}
	defer body.Close()
	passed := 0
	page, err = listing.Read(body, func(raw json.RawMessage) error {
		if err := to.Add(k.apiVersion(), k.kind, raw); err != nil {
			passed++
			unread = cmp.Or(unread, err)
		}
		return nil
	})
	page.Items -= passed
	return page, unread, err
}

// failures says what broke off, kinds with the same cause together.
func (l *lister) failures() (out []finding.Failure) {
	byCause := map[string][]string{}
	var causes []string
	for _, b := range l.broken {
		if byCause[b.why] == nil {
			causes = append(causes, b.why)
		}
		what := b.kind
		if b.objects > 0 {
			what += fmt.Sprintf(" (%d read)", b.objects)
		}
		byCause[b.why] = append(byCause[b.why], what)
	}
	slices.Sort(causes)
	for _, why := range causes {
		kinds := byCause[why]
		slices.Sort(kinds)
		list := strings.Join(kinds, ", ")
		if n := len(kinds); n > 8 {
			list = strings.Join(kinds[:8], ", ") + fmt.Sprintf(" and %d more", n-8)
		}
		out = append(out, finding.Failure{Message: fmt.Sprintf("not listed to the end: %s: %s", list, why), Hint: "run the command again when the API server answers"})
	}
	return out
}

// namespacesExist refuses namespaces that are not there: nothing would be found wrong in them.
func (c *Client) namespacesExist(ctx context.Context, names []string) error {
	for _, ns := range names {
		_, err := c.get(ctx, "/api/v1/namespaces/"+ns, "application/json")
		if apierrors.IsNotFound(err) {
			return c.noNamespace(ctx, ns)
		}
		if err != nil && !apierrors.IsForbidden(err) {
			return c.unreachable(ctx, err)
		}
	}
	return nil
}

var errNoKubernetes = errors.New("what answers is no Kubernetes API server")
