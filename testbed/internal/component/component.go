package component

import (
	"context"
	"flag"
	"maps"
	"os"
	"slices"

	"github.com/coredns/coredns/coremain"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	"k8s.io/component-base/logs"
	"k8s.io/kubectl/pkg/cmd"
	"k8s.io/kubectl/pkg/cmd/util"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	proxy "k8s.io/kubernetes/cmd/kube-proxy/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"

	// The few plugins that the cluster's Corefile names; the whole of CoreDNS would bring the clients of four clouds.
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/loadbalance"
	_ "github.com/coredns/coredns/plugin/ready"

	// Each component's own main package imports these.
	_ "k8s.io/client-go/plugin/pkg/client/auth"
	_ "k8s.io/component-base/logs/json/register"
	_ "k8s.io/component-base/metrics/prometheus/clientgo"
	_ "k8s.io/component-base/metrics/prometheus/version"
	_ "time/tzdata"
)

// commands are the components by the name of the program they are elsewhere. Each takes over the process and gives its exit code.
var commands = map[string]func() int{
	"etcd": func() int { etcdmain.Main(os.Args); return 0 },
	"kube-apiserver": func() int {
		return cli.Run(apiserver.NewAPIServerCommand())
	},
	"kube-controller-manager": func() int {
		return cli.Run(controllers.NewControllerManagerCommand())
	},
	"kube-scheduler": func() int {
		return cli.Run(scheduler.NewSchedulerCommand())
	},
	"kubelet": func() int {
		return cli.Run(kubelet.NewKubeletCommand(context.Background()))
	},
	"kube-proxy": func() int {
		return cli.Run(proxy.NewProxyCommand())
	},
	"kubectl": runKubectl,
	"coredns": func() int { coremain.Run(); return 0 },
}

// Known says whether name is a component.
func Known(name string) bool {
	_, ok := commands[name]
	return ok
}

// Run makes this process the component: args[0] is its name, the rest are its own flags. It returns the exit code.
// An unknown name is a bug of the caller.
func Run(args []string) int {
	run := commands[args[0]]
	os.Args = args
	if args[0] != "coredns" && args[0] != "kubelet" {
		// CoreDNS registers -version, -conf and more for the whole process, and Kubernetes' commands adopt what they find there. The
		// kubelet takes only what it names, cAdvisor's flags, and must find them.
		flag.CommandLine = flag.NewFlagSet(args[0], flag.ExitOnError)
	}
	return run()
}

func runKubectl() int {
	_, _ = logs.GlogSetter(cmd.GetLogVerbosity(os.Args)) // a bad level is reported when the flags are parsed
	command := cmd.NewDefaultKubectlCommand()
	if err := cli.RunNoErrOutput(command); err != nil {
		util.CheckErr(err)
	}
	return 0
}

// Names are the components, sorted.
func Names() []string {
	return slices.Sorted(maps.Keys(commands))
}
