lr = 0.1
param_scheduler = 'cosine'
epochs = 90
