package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	apidiscoveryv2 "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/rest"

	"github.com/fairway-k8s/fairway/internal/cluster"
)

// newREST returns a client that hands over what the API server answers as it is, save for errors.
func newREST(config *rest.Config) (*rest.RESTClient, error) {
	scheme := runtime.NewScheme()
	metav1.AddToGroupVersion(scheme, metav1.Unversioned) // Status
	c := rest.CopyConfig(config)
	c.NegotiatedSerializer = serializer.NewCodecFactory(scheme).WithoutConversion()
	return rest.UnversionedRESTClientFor(c)
}

// get asks for one small answer. The error is the API server's own (k8s.io/apimachinery/pkg/api/errors), or the connection's.
func (c *Client) get(ctx context.Context, path, accept string) ([]byte, error) {
	r := c.rest.Get().AbsPath(path).SetHeader("Accept", accept).MaxRetries(2).Do(context.WithValue(ctx, heldWhole{}, true))
	if err := r.Error(); err != nil {
		return nil, err
	}
	return r.Raw()
}

// kind is one kind that the API server serves, in the version that it prefers.
type kind struct {
	group, version, kind, resource string
	namespaced                     bool
}

func (k kind) apiVersion() string {
	if k.group == "" {
		return k.version
	}
	return k.group + "/" + k.version
}

var plainName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.-]*$`)

// plain reports whether the names are such as Kubernetes allows: they become parts of paths, and an aggregated API server must not choose
// what this client asks of others.
func (k kind) plain() bool {
	return (k.group == "" || plainName.MatchString(k.group)) && plainName.MatchString(k.version) && plainName.MatchString(k.kind) && plainName.MatchString(k.resource)
}

// refused is the row of a kind that is not plain.
func (k kind) refused() cluster.Covered {
	return cluster.Covered{Group: k.group, Kind: "*", State: cluster.Failed, Detail: fmt.Sprintf("%q of version %q is no name of a kind", k.resource, k.version)}
}

// path returns where the kind's objects are listed; namespace is "" for all.
func (k kind) path(namespace string) string {
	base := "/apis/" + k.group + "/" + k.version
	if k.group == "" {
		base = "/api/" + k.version
	}
	if namespace != "" {
		base += "/namespaces/" + namespace
	}
	return base + "/" + k.resource
}

// discover returns the kinds that can be listed, in order of groups and names, and a row for each group whose kinds are not known.
func (c *Client) discover(ctx context.Context) (kinds []kind, unknown []cluster.Covered, err error) {
	for _, root := range []string{"/api", "/apis"} {
		raw, err := c.get(ctx, root, "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json")
		if err != nil {
			return nil, nil, err
		}
		var list apidiscoveryv2.APIGroupDiscoveryList
		if err := json.Unmarshal(raw, &list); err != nil {
			return nil, nil, fmt.Errorf("%w: %s: %w", errNoKubernetes, root, err)
		}
		if list.Kind != "APIGroupDiscoveryList" {
			// A server that does not serve all in one (before 1.26).
			k, u, err := c.discoverEach(ctx, root, raw)
			if err != nil {
				return nil, nil, err
			}
			kinds, unknown = append(kinds, k...), append(unknown, u...)
			continue
		}
		for i := range list.Items {
			k, u := preferred(&list.Items[i])
			kinds, unknown = append(kinds, k...), append(unknown, u...)
		}
	}
	if len(kinds) == 0 {
		return nil, nil, fmt.Errorf("%w: it names no kinds", errNoKubernetes)
	}
	slices.SortFunc(kinds, func(a, b kind) int { return strings.Compare(a.group+"/"+a.kind, b.group+"/"+b.kind) })
	return kinds, unknown, nil
}

// preferred takes the kinds of a group, each in the first version that has it: the API server orders them by its preference.
func preferred(g *apidiscoveryv2.APIGroupDiscovery) (kinds []kind, unknown []cluster.Covered) {
	seen := map[string]bool{}
	stale := false
	for _, v := range g.Versions {
		stale = stale || v.Freshness == apidiscoveryv2.DiscoveryFreshnessStale
		for _, r := range v.Resources {
			if r.ResponseKind == nil || seen[r.Resource] || !slices.Contains(r.Verbs, "list") {
				continue
			}
			seen[r.Resource] = true
			k := kind{g.Name, v.Version, r.ResponseKind.Kind, r.Resource, r.Scope == apidiscoveryv2.ScopeNamespace}
			if !k.plain() {
				unknown = append(unknown, k.refused())
				continue
			}
			kinds = append(kinds, k)
		}
	}
	if stale && len(kinds) == 0 {
		unknown = append(unknown, cluster.Covered{Group: g.Name, Kind: "*", State: cluster.Failed, Detail: "the API server that serves this group does not answer"})
	}
	return kinds, unknown
}

// discoverEach asks for each group version by itself. raw is the answer of the root.
func (c *Client) discoverEach(ctx context.Context, root string, raw []byte) (kinds []kind, unknown []cluster.Covered, err error) {
	type version struct {
		group, version string
	}
	var versions []version
	if root == "/api" {
		var v metav1.APIVersions
		if err := json.Unmarshal(raw, &v); err != nil || len(v.Versions) == 0 {
			return nil, nil, fmt.Errorf("%w: /api names no versions", errNoKubernetes)
		}
		for _, x := range v.Versions {
			versions = append(versions, version{"", x})
		}
	} else {
		var groups metav1.APIGroupList
		if err := json.Unmarshal(raw, &groups); err != nil {
			return nil, nil, fmt.Errorf("%w: /apis: %w", errNoKubernetes, err)
		}
		for _, g := range groups.Groups {
			versions = append(versions, version{g.Name, g.PreferredVersion.Version})
			for _, v := range g.Versions {
				if v.Version != g.PreferredVersion.Version {
					versions = append(versions, version{g.Name, v.Version})
				}
			}
		}
	}
	seen := map[[2]string]bool{}
	for _, v := range versions {
		at := kind{group: v.group, version: v.version}
		raw, err := c.get(ctx, strings.TrimSuffix(at.path(""), "/"), "application/json")
		var list metav1.APIResourceList
		if err == nil {
			err = json.NewDecoder(bytes.NewReader(raw)).Decode(&list)
		}
		if err != nil {
			if v.group == "" {
				return nil, nil, err
			}
			unknown = append(unknown, cluster.Covered{Group: v.group, Kind: "*", State: cluster.Failed, Detail: reason(err)})
			continue
		}
		for _, r := range list.APIResources {
			if id := [2]string{v.group, r.Name}; !seen[id] && slices.Contains(r.Verbs, "list") && !strings.Contains(r.Name, "/") {
				seen[id] = true
				k := kind{v.group, v.version, r.Kind, r.Name, r.Namespaced}
				if !k.plain() {
					unknown = append(unknown, k.refused())
					continue
				}
				kinds = append(kinds, k)
			}
		}
	}
	return kinds, unknown, nil
}

// passedOver are kinds that are not listed: traffic of controllers with each other, measurements, and what is derived from other
// objects. Events are asked for by themselves.
var passedOver = map[string]string{
	"/Event":                                  "events",
	"/Endpoints":                              "derived from Services",
	"/ComponentStatus":                        "gone from the API",
	"events.k8s.io/Event":                     "events",
	"apps/ControllerRevision":                 "history of controllers",
	"coordination.k8s.io/Lease":               "heartbeats",
	"coordination.k8s.io/LeaseCandidate":      "heartbeats",
	"flowcontrol.apiserver.k8s.io/*":          "the API server's own",
	"apiregistration.k8s.io/*":                "the API server's own",
	"internal.apiserver.k8s.io/*":             "the API server's own",
	"storagemigration.k8s.io/*":               "the API server's own",
	"certificates.k8s.io/*":                   "requests",
	"networking.k8s.io/IPAddress":             "derived from Services",
	"metrics.k8s.io/*":                        "measurements",
	"custom.metrics.k8s.io/*":                 "measurements",
	"external.metrics.k8s.io/*":               "measurements",
	"resource.k8s.io/ResourceSlice":           "devices of nodes",
	"storage.k8s.io/CSINode":                  "drivers of nodes",
	"storage.k8s.io/CSIStorageCapacity":       "measurements",
	"storage.k8s.io/VolumeAttachment":         "state of volumes",
	"wgpolicyk8s.io/*":                        "reports",
	"aquasecurity.github.io/*":                "reports",
	"spdx.softwarecomposition.kubescape.io/*": "reports",
	"cilium.io/CiliumEndpoint":                "derived from pods",
	"cilium.io/CiliumIdentity":                "derived from pods",
	"acme.cert-manager.io/*":                  "requests",
	"cert-manager.io/CertificateRequest":      "requests",
	"packages.operators.coreos.com/*":         "catalogues",
}

// whyNot returns why a kind is not listed; "" when it is.
func (k kind) whyNot() string {
	if why := passedOver[k.group+"/"+k.kind]; why != "" {
		return why
	}
	return passedOver[k.group+"/*"]
}
