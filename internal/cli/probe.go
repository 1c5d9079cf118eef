package cli

import "github.com/spf13/cobra"

func newProbe(e Env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "probe",
		Short: "design probes, and prove that they ask the right questions",
		Long:  "Probe is about the three questions that Kubernetes asks of a container: started, ready and live.",
		Args:  knownVerb,
		RunE:  func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	cmd.AddCommand(newProbeSimulate(e), newProbeRecommend(e), newProbeVerify(e))
	return cmd
}
