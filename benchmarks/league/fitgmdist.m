% EM of Octave's package statistics:  octave-cli fitgmdist.m PROBLEM
% libraries.py has the protocol. Full covariances: it refuses initial parameters with diagonal ones.
pkg load statistics
file = fopen(argv(){1});
sizes = fread(file, 4, "int32");
n_samples = sizes(1);
D = sizes(2);
K = sizes(3);
X = fread(file, [D, n_samples], "double")';
start.ComponentProportion = fread(file, K, "double");
start.mu = fread(file, [D, K], "double")';
start.Sigma = reshape(fread(file, D * D * K, "double"), [D, D, K]);
fclose(file);

printf("%s (Octave %s)\n", pkg("list", "statistics"){1}.version, version());
fflush(stdout);
while isscalar(steps = fscanf(stdin, "%d", 1)) % fgetl would wait for the next line
  options = struct("MaxIter", steps, "TolFun", -Inf, "Display", "off");
  begin = tic();
  found = fitgmdist(X, K, "start", start, "options", options);
  seconds = toc(begin);
  printf("%.17g ", seconds, found.ComponentProportion, found.mu', found.Sigma);
  printf("\n");
  fflush(stdout);
end
