// Package grpchealth answers grpc.health.v1, the health protocol of gRPC, from a [health.Health]:
//
//	s := grpc.NewServer()
//	healthpb.RegisterHealthServer(s, grpchealth.Server(h))
//
// The services are "started", "ready" and "live", and "" for ready, which is what clients and load balancers of gRPC ask for. SERVING is
// true, NOT_SERVING false; any other service is NOT_FOUND for Check and List, and SERVICE_UNKNOWN for Watch, as the protocol has it.
//
// For a kubelet the endpoints of [health.Health.Listen] are better: its gRPC probe waits for the whole timeout when a port is closed, where
// its HTTP probe knows at once. When it is gRPC all the same, give each probe its service:
//
//	livenessProbe: {grpc: {port: 8081, service: live}}
package grpchealth

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/fairway-k8s/fairway/health"
)

// Server returns the health service of h. Streams of Watch end when their client leaves or the gRPC server stops.
func Server(h *health.Health) healthpb.HealthServer { return &server{h: h} }

type server struct {
	healthpb.UnimplementedHealthServer
	h *health.Health
}

// services are the truths by name. It is a function because Go has no constant maps.
func services(s health.State) map[string]bool {
	return map[string]bool{"": s.Ready, "started": s.Started, "ready": s.Ready, "live": s.Live}
}

func answer(is bool) healthpb.HealthCheckResponse_ServingStatus {
	if is {
		return healthpb.HealthCheckResponse_SERVING
	}
	return healthpb.HealthCheckResponse_NOT_SERVING
}

func (s *server) Check(_ context.Context, r *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	state, _ := s.h.State()
	is, ok := services(state)[r.GetService()]
	if !ok {
		// Of a long name the beginning: it goes into a header, and clients hang up on large ones.
		return nil, status.Errorf(codes.NotFound, "there is no service %.40q: ask for started, ready or live", r.GetService())
	}
	return &healthpb.HealthCheckResponse{Status: answer(is)}, nil
}

func (s *server) List(context.Context, *healthpb.HealthListRequest) (*healthpb.HealthListResponse, error) {
	state, _ := s.h.State()
	all := map[string]*healthpb.HealthCheckResponse{}
	for name, is := range services(state) {
		all[name] = &healthpb.HealthCheckResponse{Status: answer(is)}
	}
	return &healthpb.HealthListResponse{Statuses: all}, nil
}

func (s *server) Watch(r *healthpb.HealthCheckRequest, stream grpc.ServerStreamingServer[healthpb.HealthCheckResponse]) error {
	last := healthpb.HealthCheckResponse_ServingStatus(-1)
	for {
		state, changed := s.h.State()
		now := healthpb.HealthCheckResponse_SERVICE_UNKNOWN
		if is, ok := services(state)[r.GetService()]; ok {
			now = answer(is)
		}
		if now != last {
			if err := stream.Send(&healthpb.HealthCheckResponse{Status: now}); err != nil {
				return err
			}
			last = now
		}
		select {
		case <-changed:
		case <-stream.Context().Done():
			return status.FromContextError(stream.Context().Err()).Err()
		}
	}
}
