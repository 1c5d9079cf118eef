package listing

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fairway-k8s/fairway/internal/cluster"
	"github.com/fairway-k8s/fairway/internal/load"
	"github.com/fairway-k8s/fairway/internal/source"
)

// Scope is the scope of all objects of a cluster: they are applied together as far as anybody can tell.
const Scope = "cluster"

// Options say what of a cluster was asked for.
type Options struct {
	// Namespaces are those that were asked for; nil means all. Of what lies outside, and of kinds without a namespace, everything is
	// context, save the namespaces themselves.
	Namespaces []string
}

// Collector takes objects one by one. It is for one goroutine.
type Collector struct {
	Options
	Trees   []load.Tree
	Records cluster.Records

	names *names
}

// New returns an empty collector.
func New(o Options) *Collector {
	return &Collector{Options: o, names: &names{texts: map[string]string{}}}
}

// Page returns an empty collector for a part of what c takes, for Append or for nothing.
func (c *Collector) Page() *Collector { return &Collector{Options: c.Options, names: c.names} }

// Append adds what another collector took.
func (c *Collector) Append(o *Collector) {
	c.Trees = append(c.Trees, o.Trees...)
	r := &c.Records
	r.Pods = append(r.Pods, o.Records.Pods...)
	r.ReplicaSets = append(r.ReplicaSets, o.Records.ReplicaSets...)
	r.Jobs = append(r.Jobs, o.Records.Jobs...)
	r.Secrets = append(r.Secrets, o.Records.Secrets...)
	r.Nodes = append(r.Nodes, o.Records.Nodes...)
}

// head is what some objects are sorted by.
type head struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   meta   `json:"metadata"`
}

// Add takes an object in the form in which an API server sends it. apiVersion and kind are those of its list, "" when the object says them
// itself. raw is not kept.
func (c *Collector) Add(apiVersion, kind string, raw []byte) error {
	var h head
	if kind == "" || kind == "ReplicaSet" || kind == "Job" || kind == "EndpointSlice" {
		if err := json.Unmarshal(raw, &h); err != nil {
			return fmt.Errorf("read a %s: %w", cmp.Or(kind, "object"), err)
		}
		apiVersion, kind = cmp.Or(h.APIVersion, apiVersion), cmp.Or(h.Kind, kind)
	}
	group := groupOf(apiVersion)
	owned := h.Metadata.owner().Kind != ""
	context := false
	switch group + "/" + kind {
	case "/Pod":
		p, err := c.names.pod(raw)
		if err != nil {
			return fmt.Errorf("read a Pod: %w", err)
		}
		c.Records.Pods = append(c.Records.Pods, p)
		if p.Owner.Kind != "" && keeps(p.Owner) {
			return nil
		}
		context = p.Owner.Kind != ""
	case "apps/ReplicaSet":
		if owned {
			r, err := c.names.replicaSet(raw)
			c.Records.ReplicaSets = append(c.Records.ReplicaSets, r)
			return err
		}
	case "batch/Job":
		if owned {
			j, err := c.names.job(raw)
			c.Records.Jobs = append(c.Records.Jobs, j)
			return err
		}
	case "discovery.k8s.io/EndpointSlice":
		if owned {
			return nil // of a Service with a selector: the pods say the same
		}
	case "/Node":
		n, err := c.names.node(raw)
		c.Records.Nodes = append(c.Records.Nodes, n)
		return err
	case "/Secret":
		s, err := c.names.secret(raw)
		if err != nil {
			return err
		}
		c.Records.Secrets = append(c.Records.Secrets, s)
	}
	doc := source.Parse("", readable(raw)).Docs[0]
	if doc.Err != nil || doc.Root.Kind() != source.Mapping {
		return fmt.Errorf("read a %s: it is no JSON object", kind) // the text might be a Secret's
	}
	return c.tree(apiVersion, kind, written(doc.Root, apiVersion, kind), context)
}

// AddWritten takes an object that was an Add's tree before, from an archive. raw is kept.
func (c *Collector) AddWritten(raw []byte) error {
	root := source.Parse("", raw).Docs[0].Root
	apiVersion, kind := root.Get("apiVersion").Text(), root.Get("kind").Text()
	if kind == "" {
		return errors.New("an object has no kind")
	}
	pod := groupOf(apiVersion) == "" && kind == "Pod" && root.Get("metadata").Get("ownerReferences").Len() > 0
	return c.tree(apiVersion, kind, raw, pod)
}

func groupOf(apiVersion string) string {
	group, _, ok := strings.Cut(apiVersion, "/")
	if !ok {
		return ""
	}
	return group
}

// tree adds the tree of an object. text is kept.
func (c *Collector) tree(apiVersion, kind string, text []byte, context bool) error {
	f := source.Parse("", text)
	if err := f.Docs[0].Err; err != nil {
		return fmt.Errorf("read a %s: %w", kind, err)
	}
	root := f.Docs[0].Root
	meta := root.Get("metadata")
	f.Name = kind + "/" + meta.Get("name").Text()
	if ns := meta.Get("namespace").Text(); ns != "" {
		f.Name = ns + "/" + f.Name
	}
	f.Virtual = true
	f.Compact()
	c.Trees = append(c.Trees, load.Tree{APIVersion: c.names.one(apiVersion), Kind: c.names.one(kind), Root: root, Origin: root, Scope: Scope,
		Context: context || c.context(groupOf(apiVersion), kind, meta)})
	return nil
}

// keeps reports whether the pods of a controller are told by an object that is looked at: one of Kubernetes' own, or a node for what
// its kubelet runs by itself.
func keeps(o cluster.Owner) bool {
	switch o.Kind {
	case "ReplicaSet", "StatefulSet", "DaemonSet":
		return strings.HasPrefix(o.APIVersion, "apps/")
	case "Job":
		return strings.HasPrefix(o.APIVersion, "batch/")
	case "ReplicationController", "Node":
		return o.APIVersion == "v1"
	}
	return false
}

// context reports whether an object is not one to be checked: it lies outside of what was asked for, or comes with every cluster.
func (c *Collector) context(group, kind string, meta source.Node) bool {
	name, namespace := meta.Get("name").Text(), meta.Get("namespace").Text()
	switch {
	case c.Namespaces == nil:
	case namespace == "":
		if group != "" || kind != "Namespace" || !slices.Contains(c.Namespaces, name) {
			return true
		}
	case !slices.Contains(c.Namespaces, namespace):
		return true
	}
	switch {
	case group == "rbac.authorization.k8s.io":
		return !meta.Get("labels").Get("kubernetes.io/bootstrapping").IsZero() // roles that the API server keeps
	case group == "scheduling.k8s.io":
		return strings.HasPrefix(name, "system-")
	case group != "":
		return false
	}
	return kind == "ConfigMap" && name == "kube-root-ca.crt" || // in every namespace
		kind == "ServiceAccount" && name == "default" ||
		kind == "Service" && namespace == "default" && name == "kubernetes" ||
		kind == "Namespace" && (name == "default" || strings.HasPrefix(name, "kube-"))
}

// Join puts what several collectors took together, in the order of namespaces, kinds and names: the same for the same objects,
// whoever was asked first.
func Join(all ...*Collector) *Collector {
	out := &Collector{}
	for _, c := range all {
		out.Append(c)
	}
	slices.SortStableFunc(out.Trees, func(a, b load.Tree) int {
		return cmp.Or(cmp.Compare(a.Root.File().Name, b.Root.File().Name), cmp.Compare(a.APIVersion, b.APIVersion))
	})
	r := &out.Records
	sortRecords(r.Pods, func(x *cluster.Pod) *cluster.Meta { return &x.Meta })
	sortRecords(r.ReplicaSets, func(x *cluster.ReplicaSet) *cluster.Meta { return &x.Meta })
	sortRecords(r.Jobs, func(x *cluster.Job) *cluster.Meta { return &x.Meta })
	sortRecords(r.Secrets, func(x *cluster.Secret) *cluster.Meta { return &x.Meta })
	sortRecords(r.Nodes, func(x *cluster.Node) *cluster.Meta { return &x.Meta })
	keepNewest(r.ReplicaSets)
	return out
}

func sortRecords[T any](list []T, meta func(*T) *cluster.Meta) {
	slices.SortStableFunc(list, func(a, b T) int {
		x, y := meta(&a), meta(&b)
		return cmp.Or(cmp.Compare(x.Namespace, y.Namespace), cmp.Compare(x.Name, y.Name))
	})
}

// keepNewest drops the templates of all but the two newest revisions of each controller.
func keepNewest(sets []cluster.ReplicaSet) {
	newest := map[string][2]int64{}
	for i := range sets {
		n, r := newest[sets[i].Owner.UID], sets[i].Revision
		switch {
		case r > n[0]:
			n = [2]int64{r, n[0]}
		case r > n[1]:
			n[1] = r
		}
		newest[sets[i].Owner.UID] = n
	}
	for i := range sets {
		if sets[i].Revision < newest[sets[i].Owner.UID][1] {
			sets[i].Template = ""
		}
	}
}
