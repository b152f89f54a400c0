// The tests give node-tak its certificate as PEM.
exports.getPemFromP12 = () => {
    throw new Error('PKCS#12 files are not read in these tests');
};
