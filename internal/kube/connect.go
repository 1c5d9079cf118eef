package kube

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/go-logr/logr"
	_ "k8s.io/client-go/plugin/pkg/client/auth/oidc" // cloud providers use exec plugins, which are part of package rest
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/fairway-k8s/fairway/internal/problem"
	"github.com/fairway-k8s/fairway/internal/spell"
)

// Options say which cluster. The zero value means what kubectl would take: KUBECONFIG, ~/.kube/config, or the pod that the program
// runs in.
type Options struct {
	Kubeconfig string // --kubeconfig
	Context    string // --context
	Namespace  string // --namespace
}

// Client asks one cluster. It is safe for concurrent use.
type Client struct {
	Context   string // the name of the kubeconfig's context; "" in a pod
	Server    string // https://...
	Namespace string // --namespace, or the context's, or default

	config  *rest.Config
	streams *rest.Config // the same without bounds, for connections that last
	rest    *rest.RESTClient
}

// A cluster has tens of kinds, most with one page: these figures list one in a few seconds, and are what kubectl allows itself.
const (
	requestsPerSecond = 50
	requestsAtOnce    = 100
	kindsAtOnce       = 4
)

// What client-go logs it returns as well, and standard error has errors in one form.
func init() { klog.SetLogger(logr.Discard()) }

// Connect reads the configuration. It asks nothing of the cluster yet.
func Connect(o Options) (*Client, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = o.Kubeconfig
	rules.WarnIfAllMissing = false
	where := strings.Join(rules.Precedence, string(os.PathListSeparator))
	if o.Kubeconfig != "" {
		where = o.Kubeconfig
	}
	overrides := &clientcmd.ConfigOverrides{CurrentContext: o.Context}
	overrides.Context.Namespace = o.Namespace
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
	raw, err := loader.RawConfig()
	if err != nil {
		next := "correct the file, or name another one with --kubeconfig"
		if errors.Is(err, fs.ErrNotExist) {
			next = "name a file that exists with --kubeconfig"
		}
		return nil, &problem.Problem{What: "cannot read the kubeconfig", Where: where, Why: reason(err), Next: next, Err: err}
	}
	name := o.Context
	if name == "" {
		name = raw.CurrentContext
	}
	if _, ok := raw.Contexts[name]; name != "" && !ok {
		return nil, unknownContext(name, o.Context == "", slices.Sorted(maps.Keys(raw.Contexts)), where)
	}
	config, err := loader.ClientConfig()
	if err != nil {
		p := &problem.Problem{What: "the kubeconfig does not say how to reach a cluster", Where: where, Why: reason(err), Err: err,
			Next: "correct its entries, or name another context: kubectl config get-contexts"}
		if name == "" {
			p.What, p.Why = "no cluster is configured", "there is no kubeconfig with a current context, and this is no pod"
			p.Next = "name a kubeconfig with --kubeconfig or KUBECONFIG, or a context with --context"
			if contexts := slices.Sorted(maps.Keys(raw.Contexts)); len(contexts) > 0 {
				p.Why = "no context is current; known are " + strings.Join(contexts, ", ")
				p.Next = "name one with --context"
			}
		}
		return nil, p
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, &problem.Problem{What: "cannot read the kubeconfig", Where: where, Why: reason(err), Next: "name a namespace with --namespace", Err: err}
	}
	config.QPS, config.Burst = requestsPerSecond, requestsAtOnce
	config.UserAgent = "fairway"
	config.WarningHandler = rest.NoWarnings{}
	config.ContentConfig = rest.ContentConfig{AcceptContentTypes: "application/json", ContentType: "application/json"}
	streams := rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return bounded{next} })
	c := &Client{Context: name, Server: address(config.Host), Namespace: namespace, config: config, streams: streams}
	if c.rest, err = newREST(config); err != nil {
		return nil, &problem.Problem{What: "the kubeconfig does not say how to reach a cluster", Where: where, Why: reason(err), Next: "correct the entries of context " + name, Err: err}
	}
	return c, nil
}

// address is a server's address without the password that may stand in it: it is shown, and kept in dumps.
func address(host string) string {
	u, err := url.Parse(host)
	if err != nil || u.User == nil {
		return host
	}
	u.User = nil
	return u.String()
}

func unknownContext(name string, current bool, contexts []string, where string) error {
	p := &problem.Problem{What: fmt.Sprintf("there is no context %q", name), Where: where, Next: "choose one with --context"}
	if current {
		p.What = fmt.Sprintf("the current context is %q, which does not exist", name)
	}
	if p.Why = "known are " + strings.Join(contexts, ", "); len(contexts) == 0 {
		p.Why, p.Next = "the file has no contexts", "name another file with --kubeconfig"
	}
	if near := spell.Nearest(name, contexts, 3); near != "" {
		p.Next = "did you mean --context " + near + "?"
	}
	return p
}

// Contexts returns the names of the contexts of a kubeconfig, "" meaning what kubectl would take, in order; none when it cannot be read.
func Contexts(kubeconfig string) []string {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath, rules.WarnIfAllMissing = kubeconfig, false
	config, err := rules.Load()
	if err != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(config.Contexts))
}
