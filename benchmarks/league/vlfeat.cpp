// EM of VLFeat (diagonal covariances):  vlfeat PROBLEM
#include "problem.hpp"

extern "C" {
#include <vl/gmm.h>
}

int main(int, char** arguments) {
  const Problem given(arguments[1]);
  return serve(VL_VERSION_STRING, [&](int steps) {
    VlGMM* model = vl_gmm_new(VL_TYPE_DOUBLE, given.d, given.k);
    vl_gmm_set_priors(model, given.weights.data());
    vl_gmm_set_means(model, given.means.data());
    vl_gmm_set_covariances(model, given.covariances.data());
    vl_gmm_set_covariance_lower_bound(model, 0.0);
    vl_gmm_set_max_num_iterations(model, steps);
    const double seconds = timed([&] { vl_gmm_em(model, given.X.data(), given.n); });
    tell(&seconds, 1);
    tell(static_cast<const double*>(vl_gmm_get_priors(model)), given.k);
    tell(static_cast<const double*>(vl_gmm_get_means(model)), given.means.size());
    tell(static_cast<const double*>(vl_gmm_get_covariances(model)), given.covariances.size());
    vl_gmm_delete(model);
  });
}
